import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ApplyOptions, applyMigrations, readMigrations } from '@banyan/control/migrations'
import { BanyanError, type ErrorCode } from '@banyan/model'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import type pg from 'pg'
import { startWriter, type Writer } from './load-writer.ts'
import { lookupRows, type Prepared, prepare, sharded } from './lookups-setup.ts'

const rows = 20_000

let postgres: TestPostgres
let database: Prepared
let folder: string
let writer: Writer
let told: string[]

before(async () => {
  postgres = await startPostgres({ settings: { autovacuum: 'on', autovacuum_naptime: '1s' } })
})
after(() => postgres?.stop())
beforeEach(async () => {
  told = []
  database = await prepare(postgres)
  folder = await mkdtemp(join(tmpdir(), 'banyan-migrations-'))
  await database.owner.query(`
    create table t (id int primary key, n int not null default 0, body text);
    insert into t (id, body) select i, 'row ' || i from generate_series(1, ${rows}) i;
    analyze t`)
  writer = startWriter(await database.connect('app'), rows)
})
afterEach(async () => {
  await writer.stop()
  await database?.close()
  await rm(folder, { recursive: true, force: true })
})

async function apply(files: Record<string, string>, options: Partial<ApplyOptions> = {}) {
  for (const name of await readdir(folder)) await rm(join(folder, name))
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql)
  const migrations = await readMigrations(folder)
  return await applyMigrations({
    owner: database.owner,
    watcher: watcher(),
    migrations,
    tables: [],
    phase: 'expand',
    onProgress: (sentence) => told.push(sentence),
    ...options,
  })
}

/** As control connects it: it may see what every session does. */
function watcher(): pg.ClientConfig {
  const { host, port, user, password, database: name } = database.admin as pg.Client
  return {
    host,
    port,
    ...(user === undefined ? {} : { user }),
    ...(typeof password === 'string' ? { password } : {}),
    ...(name === undefined ? {} : { database: name }),
  }
}

async function refused(work: Promise<unknown>, code: ErrorCode, message: RegExp) {
  const error = await work.then(
    () => assert.fail('nothing was refused'),
    (caught) => caught,
  )
  assert.ok(BanyanError.is(error), String(error?.stack))
  assert.equal(error.code, code, error.message)
  assert.match(error.message, message)
  return error
}

/** Somebody has read the table and does not end his transaction. */
async function hold(mode = 'access share'): Promise<{ client: pg.Client; pid: number }> {
  const client = await database.connect('app')
  await client.query(`begin; lock table t in ${mode} mode`)
  const { rows: own } = await client.query('select pg_backend_pid() as pid')
  return { client, pid: own[0].pid }
}

const recorded = async (): Promise<string[]> =>
  (
    await database.owner.query('select name, state, statements from banyan.migrations order by 1')
  ).rows.map(({ name, state, statements }) => `${name} ${state} ${statements}`)

test('an ALTER that cannot have its lock stalls nobody, names who holds it, and comes when he is gone', async () => {
  const holder = await hold()
  writer.reset()
  const running = apply({ '1_a.sql': 'alter table t add column x int' })
  await sleep(2_000)
  assert.deepEqual(await recorded(), [])
  const sentence = told.find((words) => words.includes(`session ${holder.pid}`)) ?? told.join()
  assert.match(
    sentence,
    /1_a\.sql waits for its lock on t \(AccessExclusive\), held by session \d+ \(banyan_app, idle in transaction, its transaction \d+ s old, .*\); nothing queues behind it/,
  )
  await holder.client.query('commit')
  const releasedAt = performance.now()
  assert.deepEqual((await running).applied, ['1_a.sql'])
  assert.ok(performance.now() - releasedAt < 3_000, 'it came soon after')
  const { longestMs } = await writer.stop()
  assert.ok(longestMs < 1_500, `somebody waited ${longestMs} ms`)
})

test('without that, everybody would wait: this is what the test before would see', async () => {
  const holder = await hold()
  writer.reset()
  const running = database.owner.query('alter table t add column x int')
  await sleep(1_000)
  await holder.client.query('commit')
  await running
  assert.ok((await writer.stop()).longestMs > 800)
})

test('a lock that is never to be had ends the migration with the name of the holder', async () => {
  const holder = await hold()
  const error = await refused(
    apply({ '1_a.sql': 'alter table t add column x int' }, { patience: { totalMs: 500 } }),
    'BANYAN_MIGRATION_BLOCKED',
    new RegExp(`1_a\\.sql did not get its lock on t within \\d+ s, held by session ${holder.pid} `),
  )
  assert.match(error.hint ?? '', new RegExp(`pg_terminate_backend\\(${holder.pid}\\)`))
  assert.deepEqual(await recorded(), [])
  await holder.client.query('commit')
})

test('a cancellation ends the wait for a lock at once', async () => {
  await hold()
  const controller = new AbortController()
  const running = apply(
    { '1_a.sql': 'alter table t add column x int' },
    { signal: controller.signal },
  )
  await sleep(700)
  const began = performance.now()
  controller.abort()
  await refused(running, 'BANYAN_MIGRATION_CANCELLED', /cancelled/)
  assert.ok(performance.now() - began < 4_000)
})

test('a migration that keeps the app waiting is taken back, whatever it hides in', async () => {
  writer.reset()
  await refused(
    apply(
      { '1_a.sql': 'do $$ begin lock table t; perform pg_sleep(60); end $$' },
      { patience: { heldUpMs: 300, heldUpAttempts: 1 } },
    ),
    'BANYAN_MIGRATION_UNSAFE',
    /1_a\.sql held up the app: session \d+ \(banyan_app\) waited \d+ ms for t\. It was rolled back/,
  )
  assert.match(told.join(), /1_a\.sql was taken back and is tried again/)
  const { longestMs } = await writer.stop()
  assert.ok(longestMs < 2_000, `somebody waited ${longestMs} ms`)
  assert.deepEqual(await recorded(), [])
})

test('somebody who alters the table meanwhile waits, and does not end the migration', async () => {
  const other = await database.connect('owner')
  const running = apply(
    {
      '1_a.sql': 'alter table t add constraint positive check (id > 0) not valid',
      '2_b.sql': 'alter table t validate constraint positive; select pg_sleep(1)',
    },
    { patience: { heldUpMs: 200, heldUpAttempts: 0 } },
  )
  while (!(await recorded()).includes('1_a.sql applied 1')) await sleep(10)
  await sleep(200)
  await other.query('alter table t alter column n set statistics 10')
  assert.deepEqual((await running).applied, ['1_a.sql', '2_b.sql'])
})

test('rows that a batch needs and somebody else has are waited for without holding the others', async () => {
  const client = await database.connect('app')
  await client.query('begin; update t set n = -1 where id = 10')
  const running = apply({
    '1_a.sql':
      '-- banyan: repeat\nupdate t set body = null where id in (select id from t where body is not null limit 5000)',
  })
  await sleep(500)
  writer.reset()
  await sleep(2_000)
  await client.query('commit')
  await running
  const { longestMs } = await writer.stop()
  assert.ok(longestMs < 1_500, `somebody waited ${longestMs} ms`)
})

test('autovacuum gives way at once', async () => {
  // As long as it takes anyhow: the cost delay makes a worker crawl, and it holds its lock meanwhile.
  await database.owner.query(`alter table t set (autovacuum_vacuum_cost_delay = 100,
    autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0)`)
  const isVacuumed = async () =>
    (await database.admin.query(`select from pg_stat_progress_vacuum where relid = 't'::regclass`))
      .rowCount === 1
  const deadline = performance.now() + 30_000
  while (!(await isVacuumed()) && performance.now() < deadline) await sleep(50)
  assert.ok(await isVacuumed(), 'autovacuum is at it')
  const began = performance.now()
  await apply({ '1_a.sql': 'alter table t add column x int' })
  assert.ok(performance.now() - began < 3_000)
})

const backfill =
  '-- banyan: repeat\nupdate t set x = n where id in (select id from t where x is null limit 1000)'

test('a backfill runs in batches until nothing is left, and an interruption goes on', async () => {
  await apply({ '1_a.sql': 'alter table t add column x int' })
  const controller = new AbortController()
  const files = { '1_a.sql': 'alter table t add column x int', '2_b.sql': backfill }
  const running = apply(files, { signal: controller.signal })
  const left = async () =>
    Number((await database.admin.query('select count(*) from t where x is null')).rows[0].count)
  while ((await left()) > rows - 3_000) await sleep(20)
  controller.abort()
  await refused(running, 'BANYAN_MIGRATION_CANCELLED', /2_b\.sql was cancelled/)
  const after = await left()
  assert.ok(after > 0 && after < rows, `${after} rows are left`)
  assert.deepEqual(await recorded(), ['1_a.sql applied 1', '2_b.sql begun 0'])
  assert.deepEqual((await apply(files)).applied, ['2_b.sql'])
  assert.equal(await left(), 0)
})

test('a repeated statement that never ends is found out', async () => {
  await refused(
    apply({
      '1_a.sql':
        '-- banyan: repeat\nupdate t set n = n + 1 where id in (select id from t limit 10000)',
    }),
    'BANYAN_MIGRATION_FAILED',
    /1_a\.sql:2: it has changed \d+ rows, more than twice as many as the table has/,
  )
})

test('a file that is repeated has nothing that does not say how many rows it changed', async () => {
  await refused(
    apply({ '1_a.sql': '-- banyan: repeat\nselect 1' }),
    'BANYAN_MIGRATIONS_INVALID',
    /1_a\.sql:2:1: it is repeated, and does not say how many rows/,
  )
})

const users = sharded('users', 'id', ['email'])

test('lookups of the release that runs stay until the contract phase', async () => {
  const files = {
    '1_a.sql': 'create table users (id int8 primary key, email text, name text)',
    '2_b.sql': 'alter table users add column nick text',
    '3_c.sql': '-- banyan: contract\nalter table users drop column email',
  }
  const first = { '1_a.sql': files['1_a.sql'] }
  await apply(first, { tables: [users], phase: 'whole' })
  const next = [sharded('users', 'id', ['name'])]
  await apply(files, { tables: next, alongside: [users] })
  await database.app.query(`insert into users (id, email, name) values (1, 'a@x', 'a')`)
  assert.deepEqual(await lookupRows(database.app, 'unique_users_email'), ['(a@x,1)'])
  assert.deepEqual(await lookupRows(database.app, 'unique_users_name'), ['(a,1)'])
  assert.deepEqual((await apply(files, { tables: next, phase: 'contract' })).applied, ['3_c.sql'])
  await assert.rejects(lookupRows(database.app, 'unique_users_email'), /does not exist/)
  assert.deepEqual(await lookupRows(database.app, 'unique_users_name'), ['(a,1)'])
})

test('what only the older release declares goes in the contract phase also without a migration', async () => {
  const files = { '1_a.sql': 'create table users (id int8 primary key, email text)' }
  await apply(files, { tables: [users], phase: 'whole' })
  const next = [sharded('users', 'id')]
  await apply(files, { tables: next, alongside: [users] })
  assert.deepEqual(await lookupRows(database.app, 'unique_users_email'), [])
  await apply(files, { tables: next, phase: 'contract' })
  await assert.rejects(lookupRows(database.app, 'unique_users_email'), /does not exist/)
})

test('triggers of the release that runs do not give way to a migration', async () => {
  const first = { '1_a.sql': 'create table users (id int8 primary key, email varchar(20))' }
  await apply(first, { tables: [users], phase: 'whole' })
  const files = {
    ...first,
    '2_b.sql': 'alter table users alter column email type text',
    '3_c.sql': 'create table later ()',
  }
  const options = { tables: [sharded('users', 'id')], alongside: [users] }
  await refused(apply(files, options), 'BANYAN_MIGRATION_FAILED', /2_b\.sql:1:1: .*trigger/)
  assert.deepEqual(await lookupRows(database.app, 'unique_users_email'), [])
})

test('another shard key beside the release that runs is refused', async () => {
  const files = { '1_a.sql': 'create table users (id int8, org int8, primary key (id, org))' }
  await apply(files, { tables: [sharded('users', 'id')], phase: 'whole' })
  await refused(
    apply(files, { tables: [sharded('users', 'org')], alongside: [sharded('users', 'id')] }),
    'BANYAN_TABLES_INVALID',
    /users: it is declared by "org", and by "id" in the release that runs\. A row cannot belong to two keys/,
  )
})

test('a contract migration before an expanding one is refused with a number that is free', async () => {
  const error = await refused(
    apply({
      '1_a.sql': '-- banyan: contract\nalter table t drop column body',
      '2_b.sql': 'alter table t add column x int',
    }),
    'BANYAN_MIGRATIONS_INVALID',
    /1_a\.sql is marked `-- banyan: contract` and would run after 2_b\.sql, which has a larger number; nothing was run/,
  )
  assert.match(error.hint ?? '', /a number above 2/)
  assert.deepEqual(await recorded(), [])
})

test('contract migrations wait for their phase', async () => {
  await database.owner.query('alter table t add column old int')
  const files = {
    '1_a.sql': 'alter table t add column x int',
    '2_b.sql': '-- banyan: contract\nalter table t drop column old',
  }
  assert.deepEqual((await apply(files)).applied, ['1_a.sql'])
  assert.deepEqual((await apply(files)).applied, [])
  assert.deepEqual((await apply(files, { phase: 'contract' })).applied, ['2_b.sql'])
})

test('while a narrow system serves, a migration never lets a scope see what is not its own', async () => {
  await database.owner.query(`create table notes (user_id text primary key, body text);
    insert into notes values ('a', 'of a'), ('b', 'of b')`)
  const notes = [sharded('notes', 'user_id')]
  await apply({}, { tables: notes, narrow: true, phase: 'whole' })
  const app = await database.connect('app')
  await app.query(`set banyan.key = '=a'`)
  const seen = new Set<string>()
  let isOver = false
  const look = async () => {
    while (!isOver) {
      const { rows: found } = await app.query('select user_id from notes order by 1')
      seen.add(found.map(({ user_id }) => user_id).join())
    }
  }
  const looking = look()
  const files = {
    '1_a.sql': 'alter table notes add column x int',
    '2_b.sql': 'create table other ()',
    '3_c.sql': 'select pg_sleep(0.2)',
  }
  await apply(files, { tables: notes, alongside: notes, narrow: true })
  isOver = true
  await looking
  assert.deepEqual([...seen], ['a'])
})
