import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { type ApplyOptions, applyMigrations, readMigrations } from '@banyan/control/migrations'
import { BanyanError, type ErrorCode } from '@banyan/model'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { lookupRows, type Prepared, prepare, sharded } from './lookups-setup.ts'

let postgres: TestPostgres
let database: Prepared
let folder: string

before(async () => {
  postgres = await startPostgres()
})
after(() => postgres?.stop())
beforeEach(async () => {
  database = await prepare(postgres)
  folder = await mkdtemp(join(tmpdir(), 'banyan-migrations-'))
})
afterEach(async () => {
  await database?.close()
  await rm(folder, { recursive: true, force: true })
})

const users = sharded('users', 'id', ['email'])
const usersSql = 'create table users (id bigint primary key, email text);\n'

/** Writes the files, and removes those that were there. */
async function write(files: Record<string, string | Buffer>): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}

async function apply(options: Partial<ApplyOptions> = {}) {
  const migrations = await readMigrations(folder)
  return await applyMigrations({ owner: database.owner, migrations, tables: [], ...options })
}

async function refused(
  work: Promise<unknown>,
  code: ErrorCode,
  ...messages: RegExp[]
): Promise<BanyanError> {
  const error = await work.then(
    () => assert.fail('nothing was refused'),
    (caught) => caught,
  )
  assert.ok(BanyanError.is(error), String(error?.stack))
  assert.equal(error.code, code, error.message)
  for (const message of messages) assert.match(error.message, message)
  assert.ok(error.hint)
  return error
}

const exists = async (table: string): Promise<boolean> =>
  (await database.owner.query('select to_regclass($1) is not null as found', [table])).rows[0].found

const recorded = async (): Promise<string[]> =>
  (await database.owner.query('select name, state from banyan.migrations order by name')).rows.map(
    ({ name, state }) => `${name} ${state}`,
  )

test('migrations run once, in the order of their numbers, and each is told with its time', async () => {
  await write({
    '0002_b.sql': 'alter table t add column b int',
    '0010_c.sql': '\ufeffalter table t add column c int;;',
    '0001_a.sql':
      'create table t (a int);\r\n-- and\r\ninsert into t values (1); insert into t values (2)',
    'README.md': 'not a migration',
  })
  const told: string[] = []
  const onProgress = (sentence: string, { ms }: { ms?: number }) => {
    assert.ok(ms !== undefined && ms > 0)
    told.push(sentence.replace(/\d+ ms/, 'N ms'))
  }
  const { applied } = await apply({ onProgress })
  assert.deepEqual(applied, ['0001_a.sql', '0002_b.sql', '0010_c.sql'])
  assert.deepEqual(
    told,
    applied.map((name) => `applied ${name} in N ms`),
  )
  assert.deepEqual((await apply({ onProgress })).applied, [])
  const { rows } = await database.app.query(
    `select count(*)::int as n, min(duration_ms) > 0 as timed, sum(statements)::int as statements from banyan.migrations`,
  )
  assert.deepEqual(rows, [{ n: 3, timed: true, statements: 5 }])
})

test('a checkout with other line endings, or a byte order mark, is the same migration', async () => {
  await write({ '1_a.sql': 'create table t (\n a int)\n' })
  await apply()
  await write({ '1_a.sql': '\ufeffcreate table t (\r\n a int)\r\n' })
  assert.deepEqual((await apply()).applied, [])
})

test('every fault of every file is reported before anything runs', async () => {
  await write({
    '0001_a.sql': 'create table t (a int)',
    '0001_again.sql': 'create table u (a int)',
    'init.sql': 'create table v (a int)',
    '0002_empty.sql': '-- nothing yet\n',
    '0003_blank.sql': '',
    '0004_drop.sql': 'select 1;\n  drop table t; alter table t rename a to b',
    '0005_commit.sql': 'begin; create table w (a int); commit',
    '0006_mark.sql': '-- banyan: contarct\nselect 1',
    '0007_latin.sql': Buffer.from([0x73, 0xe9]),
    '0008_copy.sql': 'copy t from stdin',
  })
  await mkdir(join(folder, '0009_folder.sql'))
  await refused(
    readMigrations(folder),
    'BANYAN_MIGRATIONS_INVALID',
    /^12 faults in/,
    /0001_again\.sql: its number is also that of 0001_a\.sql\. Give it a number of its own; 9 is free/,
    /init\.sql: its name is not a number, an underscore and a name/,
    /0002_empty\.sql: it has no statement/,
    /0003_blank\.sql: it has no statement/,
    /0004_drop\.sql:2:3: it drops a table\./,
    /0004_drop\.sql:2:17: it renames a column\./,
    /0005_commit\.sql:1:1: it controls the transaction/,
    /0005_commit\.sql:1:32: it controls the transaction/,
    /0006_mark\.sql: the mark "contarct" is unknown. Known are: contract, no-transaction, repeat/,
    /0007_latin\.sql: it is not UTF-8/,
    /0008_copy\.sql:1:1: it copies from the client/,
    /0009_folder\.sql: it cannot be read/,
  )
})

test('a folder that does not exist is named, and an empty one is fine', async () => {
  await refused(
    readMigrations(join(folder, 'absent')),
    'BANYAN_MIGRATIONS_NOT_FOUND',
    /absent does not exist/,
  )
  assert.deepEqual((await apply()).applied, [])
})

test('what takes something away needs the mark, what loosens does not', async () => {
  const refusedSql = [
    'drop table t',
    'drop index i',
    'drop view if exists v cascade',
    'drop function f(int)',
    'drop schema s',
    'drop role r',
    'drop owned by r',
    'alter table t drop column a',
    'alter table t alter b drop not null, drop a',
    'alter table t drop constraint c',
    'alter table t alter a drop identity',
    'alter table t rename to u',
    'alter index i rename to j',
    `alter type e rename value 'a' to 'b'`,
    'alter table t set schema s',
    'alter table t detach partition p',
    'create table if not exists t (a int); drop table t',
  ]
  for (const sql of refusedSql) {
    await write({ '1_a.sql': sql })
    await refused(readMigrations(folder), 'BANYAN_MIGRATIONS_INVALID', /1_a\.sql:1:/)
    await write({ '1_a.sql': `-- banyan: contract\n${sql}` })
    assert.equal((await readMigrations(folder))[0]?.contract, true)
  }
  for (const sql of [
    'alter table t alter a drop not null, alter a drop default',
    'create temp table x (a int); drop table x',
    `select 'drop table t' -- drop table t`,
    'delete from t; truncate t',
    'savepoint s; rollback to savepoint s',
  ]) {
    await write({ '1_a.sql': sql })
    assert.equal((await readMigrations(folder)).length, 1)
  }
})

test('an edited migration is named with the time at which it was applied', async () => {
  await write({ '1_a.sql': 'create table t (a int)', '2_b.sql': 'select 1' })
  await apply()
  await write({
    '1_a.sql': 'create table t (b int)',
    '2_b.sql': 'select 2',
    '3_c.sql': 'create table u ()',
  })
  await refused(
    apply(),
    'BANYAN_MIGRATION_EDITED',
    /1_a\.sql \(applied 20\d\d-\d\d-\d\dT.*Z\), 2_b\.sql \(applied .*\) were changed/,
  )
  assert.equal(await exists('u'), false)
})

test('an applied migration that is no longer there is told and tolerated', async () => {
  await write({ '1_a.sql': 'create table t (a int)', '2_b.sql': 'select 1' })
  await apply()
  await write({ '1_a.sql': 'create table t (a int)', '3_c.sql': 'select 1' })
  const told: string[] = []
  const result = await apply({ onProgress: (sentence) => told.push(sentence) })
  assert.deepEqual([result.applied, result.absent], [['3_c.sql'], ['2_b.sql']])
  assert.equal(told[0], '2_b.sql was applied earlier and is not in the folder')
})

test('a new migration below an applied one, or a renamed one, is refused with the next number', async () => {
  await write({ '1_a.sql': 'select 1', '5_b.sql': 'select 1' })
  await apply()
  await write({ '1_a.sql': 'select 1', '3_late.sql': 'select 1', '5_b.sql': 'select 1' })
  const late = await refused(
    apply(),
    'BANYAN_MIGRATIONS_INVALID',
    /3_late\.sql would come before 5_b\.sql/,
  )
  assert.match(late.hint ?? '', /from 6 on/)
  await write({ '1_a.sql': 'select 1', '5_renamed.sql': 'select 1' })
  await refused(apply(), 'BANYAN_MIGRATIONS_INVALID', /5_renamed\.sql would come before 5_b\.sql/)
})

test('a failure names file, line and column, keeps what came before and rolls back the rest', async () => {
  await write({
    '1_a.sql': 'create table t (a int)',
    '2_b.sql': `-- ü 🌳\ninsert into t values (1);\n/* ü */ insert into t\n  select 'ü🌳', nothing;\n`,
    '3_c.sql': 'create table u ()',
  })
  const error = await refused(
    apply(),
    'BANYAN_MIGRATION_FAILED',
    /^2_b\.sql:4:16: column "nothing" does not exist \(42703\)\..*rolled back; the ones before it stay/,
  )
  assert.equal(error.details.sqlState, '42703')
  assert.deepEqual(await recorded(), ['1_a.sql applied'])
  assert.equal((await database.owner.query('select from t')).rowCount, 0)
  await write({ '1_a.sql': 'create table t (a int)', '2_b.sql': 'insert into t values (1)' })
  assert.deepEqual((await apply()).applied, ['2_b.sql'])
})

test('a failure without a position names the start of its statement, with the detail', async () => {
  await write({
    '1_a.sql': 'create table t (a int primary key);\n\n  insert into t values (1),\n (1)',
  })
  await refused(
    apply(),
    'BANYAN_MIGRATION_FAILED',
    /^1_a\.sql:3:3: duplicate key value .* \(23505\)\. Key \(a\)=\(1\) already exists\./,
  )
})

test('a text that the parser does not understand gets the error of the server', async () => {
  await write({ '1_a.sql': 'create table t (a int);\ncreate tabel u (a int);' })
  await refused(
    apply(),
    'BANYAN_MIGRATION_FAILED',
    /^1_a\.sql:2:8: syntax error at or near "tabel" \(42601\)/,
  )
  assert.equal(await exists('t'), false)
})

test('rows of a later migration meet the triggers, and what violates is rolled back', async () => {
  await write({
    '1_users.sql': usersSql,
    '2_rows.sql': `insert into users values (1, 'x'); insert into users values (2, 'x')`,
  })
  const error = await refused(
    apply({ tables: [users] }),
    'BANYAN_MIGRATION_FAILED',
    /2_rows\.sql:1:36: .*"users_email_key"/,
  )
  assert.equal(error.details.sqlState, '23505')
  assert.deepEqual(await lookupRows(database.app, 'unique_users_email'), [])
  await write({ '1_users.sql': usersSql, '2_index.sql': 'create unique index on users (email)' })
  await refused(
    apply({ tables: [users] }),
    'BANYAN_TABLES_INVALID',
    /^2_index\.sql did not pass the check of the tables and was rolled back\. One fault/,
  )
  assert.equal(await exists('users_email_idx'), false)
  assert.deepEqual(await recorded(), ['1_users.sql applied'])
})

test('a table may grow over several migrations until it is what was declared', async () => {
  await write({
    '1_a.sql': 'create table users (id bigint, name text unique)',
    '2_b.sql': 'alter table users add column email text',
    '3_c.sql': `insert into users values (1, 'a', 'x'), (2, 'b', 'x')`,
    '4_d.sql': 'alter table users add primary key (id)',
    '5_e.sql': '-- banyan: contract\nalter table users drop constraint users_name_key',
    '6_f.sql': `update users set email = 'y' where id = 2`,
  })
  const { keyType, applied } = await apply({ tables: [users] })
  assert.deepEqual([keyType, applied.length], ['bigint', 6])
  assert.deepEqual(await lookupRows(database.app, 'unique_users_email'), ['(x,1)', '(y,2)'])
})

test('a table that no migration makes is refused at the end', async () => {
  await write({ '1_a.sql': 'select 1' })
  await refused(
    apply({ tables: [users] }),
    'BANYAN_TABLES_INVALID',
    /users: the table does not exist/,
  )
  assert.deepEqual(await recorded(), [])
})

test('a column that is no longer declared can be dropped in the same release', async () => {
  await write({ '1_users.sql': usersSql })
  await apply({ tables: [users] })
  const drop = {
    '1_users.sql': usersSql,
    '2_drop.sql': '-- banyan: contract\nalter table users drop column email',
  }
  await write(drop)
  const error = await refused(
    apply({ tables: [users] }),
    'BANYAN_MIGRATION_FAILED',
    /other objects depend on it/,
  )
  assert.match(error.hint ?? '', /Take a `unique` one out of the config/)
  assert.equal(await exists('banyan.unique_users_email'), true)
  await apply({ tables: [sharded('users', 'id')] })
  assert.equal(await exists('banyan.unique_users_email'), false)
})

test('what took two releases runs in a new database, where the last declarations hold from the start', async () => {
  const files = {
    '1_a.sql': `${usersSql} insert into users values (1, 'X')`,
    '2_b.sql':
      '-- banyan: contract\nalter table users alter column email type varchar(50) using lower(email)',
    '3_c.sql': '-- banyan: contract\nalter table users drop column email',
    '4_d.sql': `alter table users add column email text; update users set email = 'y'`,
  }
  await write(files)
  assert.deepEqual((await apply({ tables: [users] })).applied, Object.keys(files))
  assert.deepEqual(await lookupRows(database.app, 'unique_users_email'), ['(y,1)'])
})

test('a declared column may have another name for some migrations, and rows come all the same', async () => {
  await write({ '1_a.sql': usersSql })
  await apply({ tables: [users] })
  await write({
    '1_a.sql': usersSql,
    '2_b.sql': '-- banyan: contract\nalter table users rename email to mail',
    '3_c.sql': `insert into users values (1, 'x')`,
    '4_d.sql': '-- banyan: contract\nalter table users rename mail to email',
  })
  assert.deepEqual((await apply({ tables: [users] })).applied, ['2_b.sql', '3_c.sql', '4_d.sql'])
  assert.deepEqual(await lookupRows(database.app, 'unique_users_email'), ['(x,1)'])
})

test('a column that is no longer declared can be dropped without a transaction too', async () => {
  await write({ '1_a.sql': usersSql })
  await apply({ tables: [users] })
  await write({
    '1_a.sql': usersSql,
    '2_b.sql':
      '-- banyan: contract\n-- banyan: no-transaction\nalter table users drop column email',
  })
  assert.deepEqual((await apply({ tables: [sharded('users', 'id')] })).applied, ['2_b.sql'])
})

test('a declaration that changes without a migration is installed all the same', async () => {
  await write({ '1_users.sql': usersSql })
  await apply({ tables: [sharded('users', 'id')] })
  assert.deepEqual((await apply({ tables: [users] })).applied, [])
  assert.equal(await exists('banyan.unique_users_email'), true)
})

test('what one migration sets in its session does not reach the next', async () => {
  await write({
    '1_a.sql': `select set_config('search_path', '', false); create table public.users (id bigint primary key, email text); set default_transaction_read_only = on`,
    '2_b.sql': `insert into users values (1, 'x')`,
  })
  await apply({ tables: [users] })
  assert.deepEqual(await lookupRows(database.app, 'unique_users_email'), ['(x,1)'])
})

test('a migration may reset every setting, and a COMMIT that the parser did not see is found', async () => {
  await write({ '1_a.sql': `set work_mem = '8MB'; ${usersSql} reset all` })
  assert.deepEqual((await apply({ tables: [users] })).applied, ['1_a.sql'])
  const [migration] = await readMigrations(folder)
  assert.ok(migration)
  const hidden = { sql: 'commit; begin', line: 1, column: 1, kind: null, node: {} }
  const migrations = [migration, { ...migration, name: '2_b.sql', number: 2, statements: [hidden] }]
  await refused(
    applyMigrations({ owner: database.owner, migrations, tables: [users] }),
    'BANYAN_MIGRATION_FAILED',
    /2_b\.sql ended the transaction/,
  )
})

test('of two runners at once one waits and finds everything applied', async () => {
  await write({
    '1_a.sql': 'create table t (a int); select pg_sleep(0.3)',
    '2_b.sql': '-- banyan: no-transaction\ncreate index concurrently i on t (a)',
  })
  const other = await database.connect('owner')
  const told: string[] = []
  const onProgress = (sentence: string) => told.push(sentence)
  const results = await Promise.all([apply({ onProgress }), apply({ onProgress, owner: other })])
  assert.deepEqual(results.map(({ applied }) => applied.length).sort(), [0, 2])
  assert.ok(told.includes('waiting for another migration to finish'))
})

test('statements that refuse a transaction run under the mark, and say so without it', async () => {
  await write({
    '1_a.sql': 'create table t (a int)',
    '2_b.sql': 'create index concurrently i on t (a)',
  })
  const error = await refused(
    apply(),
    'BANYAN_MIGRATION_FAILED',
    /cannot run inside a transaction block/,
  )
  assert.match(error.hint ?? '', /no-transaction/)
  await write({
    '1_a.sql': 'create table t (a int)',
    '2_b.sql': `-- banyan: no-transaction\ncreate index concurrently i on t (a);\nvacuum t; -- the end\n`,
  })
  await apply()
  assert.deepEqual(await recorded(), ['1_a.sql applied', '2_b.sql applied'])
})

test('a migration without a transaction that fails goes on at the statement that failed', async () => {
  await write({
    '1_a.sql': 'create table t (a int); insert into t values (1), (1)',
    '2_b.sql':
      '-- banyan: no-transaction\ncreate table u ();\ncreate unique index concurrently i on t (a);\nselect 1',
  })
  await refused(
    apply(),
    'BANYAN_MIGRATION_FAILED',
    /^2_b\.sql:3:1: could not create unique index.*the statements before this one stay/s,
  )
  assert.deepEqual(await recorded(), ['1_a.sql applied', '2_b.sql begun'])
  assert.equal(await exists('i'), false, 'a half built index would refuse rows')
  await database.owner.query('insert into t values (1); delete from t')
  assert.deepEqual((await apply()).applied, ['2_b.sql'])
  assert.equal(await exists('i'), true)
})

test('of a file whose first index could not be built nothing is left, so that it can be mended', async () => {
  await write({
    '1_a.sql': 'create table t (a int); insert into t values (1), (1)',
    '2_b.sql': '-- banyan: no-transaction\ncreate unique index concurrently i on t (a)',
  })
  await refused(apply(), 'BANYAN_MIGRATION_FAILED', /could not create unique index/)
  assert.deepEqual(await recorded(), ['1_a.sql applied'])
  assert.equal(await exists('i'), false)
  await write({
    '1_a.sql': 'create table t (a int); insert into t values (1), (1)',
    '2_b.sql': '-- banyan: no-transaction\ncreate index concurrently i on t (a)',
  })
  assert.deepEqual((await apply()).applied, ['2_b.sql'])
})

/** As it is after a SIGKILL between what the server did and what was written down. */
const interruptAt = async (name: string, done: number): Promise<void> => {
  await database.owner.query(
    `update banyan.migrations set state = 'begun', applied = null, statements = $2, attempted = $2 + 1
     where name = $1`,
    [name, done],
  )
}

test('an interrupted index is built again, and one that was just built is not', async () => {
  await write({
    '1_a.sql': 'create table t (a int)',
    '2_b.sql': '-- banyan: no-transaction\ncreate index concurrently i on t (a)',
  })
  await apply()
  await interruptAt('2_b.sql', 0)
  const oid = async () =>
    (await database.owner.query(`select 'i'::regclass::oid as oid`)).rows[0].oid
  const before = await oid()
  assert.deepEqual((await apply()).applied, ['2_b.sql'])
  assert.equal(await oid(), before)
  await database.admin.query(
    `update pg_index set indisvalid = false where indexrelid = 'i'::regclass`,
  )
  await interruptAt('2_b.sql', 0)
  const told: string[] = []
  await apply({ onProgress: (sentence) => told.push(sentence) })
  assert.notEqual(await oid(), before)
  assert.match(told.join(), /2_b\.sql drops the index i, which an interruption left half built/)
  const { rows } = await database.owner.query(
    `select indisvalid as valid from pg_index where indexrelid = 'i'::regclass`,
  )
  assert.deepEqual(rows, [{ valid: true }])
})

test('an index of that name that somebody else made is not taken for ours', async () => {
  await write({
    '1_a.sql': 'create table t (a int, b int); create index i on t (b)',
    '2_b.sql': '-- banyan: no-transaction\ncreate index concurrently i on t (a)',
  })
  for (let n = 0; n < 2; n += 1)
    await refused(apply(), 'BANYAN_MIGRATION_FAILED', /relation "i" already exists/)
  assert.equal(await exists('i'), true)
})

test('a statement of which nobody knows how it ended is asked about, and the hint works', async () => {
  await write({
    '1_a.sql': 'create table t (a int)',
    '2_b.sql': '-- banyan: no-transaction\ncreate table u ();\ndo $$ begin perform 1; end $$',
  })
  await apply()
  await interruptAt('2_b.sql', 1)
  const error = await refused(
    apply(),
    'BANYAN_MIGRATION_UNFINISHED',
    /2_b\.sql runs without a transaction, began at .* 1 of its statements are done\. Statement 2 of 2, at line 3/,
  )
  const [again, rest] = [...(error.hint ?? '').matchAll(/`([^`]+)`/g)].map(
    (match) => match[1] as string,
  )
  await database.owner.query(`drop table u; ${again}`)
  assert.deepEqual((await apply()).applied, ['2_b.sql'])
  await interruptAt('2_b.sql', 1)
  await database.owner.query(rest as string)
  assert.deepEqual((await apply()).applied, [])
})

test('a release without the file that was interrupted goes on without it', async () => {
  await write({
    '1_a.sql': 'create table t (a int)',
    '2_b.sql': '-- banyan: no-transaction\ndo $$ begin perform 1; end $$',
  })
  await apply()
  await interruptAt('2_b.sql', 0)
  await write({ '1_a.sql': 'create table t (a int)' })
  const { applied, absent } = await apply()
  assert.deepEqual([applied, absent], [[], ['2_b.sql']])
})

test('a migration without a transaction whose tables do not fit is only checked again', async () => {
  await write({
    '1_users.sql': usersSql,
    '2_b.sql': '-- banyan: no-transaction\ncreate table twice ()',
  })
  const broken = [users, sharded('absent', 'id')]
  await refused(
    apply({ tables: broken }),
    'BANYAN_TABLES_INVALID',
    /absent: the table does not exist/,
  )
  assert.deepEqual(await recorded(), ['1_users.sql applied', '2_b.sql begun'])
  assert.deepEqual((await apply({ tables: [users] })).applied, ['2_b.sql'])
})

test('an abort cancels the statement that runs and rolls it back', async () => {
  await write({
    '1_a.sql': 'create table t ()',
    '2_b.sql': 'create table u (); select pg_sleep(60)',
  })
  const controller = new AbortController()
  const running = apply({
    signal: controller.signal,
    onProgress: () => setTimeout(() => controller.abort(), 200),
  })
  const startMs = performance.now()
  await refused(running, 'BANYAN_MIGRATION_CANCELLED', /2_b\.sql was cancelled and was rolled back/)
  assert.ok(performance.now() - startMs < 5000)
  assert.deepEqual(await recorded(), ['1_a.sql applied'])
  assert.equal(await exists('u'), false)
  // The connection is fit for use and the lock is free.
  await write({ '1_a.sql': 'create table t ()', '2_b.sql': 'select 1' })
  assert.deepEqual((await apply()).applied, ['2_b.sql'])
})

test('an abort while waiting for another runner ends the wait', async () => {
  await write({ '1_a.sql': 'select pg_sleep(1)' })
  const other = await database.connect('owner')
  const first = apply()
  const controller = new AbortController()
  await new Promise((resolve) => setTimeout(resolve, 100))
  const onProgress = () => controller.abort()
  await refused(
    apply({ owner: other, signal: controller.signal, onProgress }),
    'BANYAN_MIGRATION_CANCELLED',
  )
  await first
})

test('a server that dies in the middle leaves nothing of the migration', async () => {
  await write({ '1_a.sql': 'create table t (); select pg_sleep(60)' })
  const mortal = await database.connect('owner')
  mortal.on('error', () => {})
  const running = apply({ owner: mortal })
  await new Promise((resolve) => setTimeout(resolve, 300))
  await database.admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`,
  )
  await refused(running, 'BANYAN_MIGRATION_FAILED', /57P01|terminat/)
  assert.equal(await exists('t'), false)
})
