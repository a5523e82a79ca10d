import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { applyMigrations, readMigrations } from '@banyan/control/migrations'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { preflight } from '../../packages/control/src/migrations/preflight.ts'
import { type Prepared, prepare, sharded } from './lookups-setup.ts'

let postgres: TestPostgres
let database: Prepared
let folder: string

before(async () => {
  postgres = await startPostgres()
  folder = await mkdtemp(join(tmpdir(), 'banyan-migrations-'))
})
after(async () => {
  await database?.close()
  await postgres?.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  await database?.close()
  database = await prepare(postgres)
  await rm(folder, { recursive: true, force: true })
  folder = await mkdtemp(join(tmpdir(), 'banyan-migrations-'))
})

const users = sharded('users', 'id', ['email'])
const first = 'create table users (id int8 primary key, email text)'

async function look(tables = [users], alongside: (typeof users)[] | null = [users]) {
  const phase = alongside === null ? 'whole' : 'expand'
  return await preflight({ owner: database.owner, folder, tables, alongside, phase })
}

const write = async (name: string, sql: string) => await writeFile(join(folder, name), sql)

async function applyAll() {
  const migrations = await readMigrations(folder)
  await applyMigrations({ owner: database.owner, migrations, tables: [users] })
}

test('what is pending is named, and what of it waits for the contract step', async () => {
  await write('1_a.sql', first)
  await applyAll()
  assert.deepEqual(await look(), { pending: [], contracts: [], reasons: [] })
  await write('2_b.sql', 'alter table users add column name text')
  await write('3_c.sql', '-- banyan: contract\nalter table users drop column name')
  assert.deepEqual(await look(), {
    pending: ['2_b.sql', '3_c.sql'],
    contracts: ['3_c.sql'],
    reasons: [],
  })
})

test('a declaration that goes waits for the contract step as well', async () => {
  await write('1_a.sql', first)
  await applyAll()
  assert.deepEqual((await look([sharded('users', 'id')])).contracts, ['data.tables'])
  assert.deepEqual((await look([users], [])).contracts, [])
})

test('every reason is given at once, and nothing is changed', async () => {
  await write('1_a.sql', first)
  await applyAll()
  await database.owner.query(`insert into users select i, i::text from generate_series(1, 20000) i;
    analyze users`)
  await write('2_b.sql', '-- banyan: contract\nalter table users drop column email')
  await write('3_c.sql', 'create index on users (email)')
  const { reasons, pending } = await look([sharded('users', 'email')])
  assert.deepEqual(pending, ['2_b.sql', '3_c.sql'])
  assert.equal(reasons.length, 3, reasons.join('\n'))
  assert.match(reasons[0] ?? '', /users: it is declared by "email", and by "id"/)
  assert.match(reasons[1] ?? '', /2_b\.sql is marked .* Give 2_b\.sql a number above 3/)
  assert.match(reasons[2] ?? '', /^3_c\.sql:1:1: it builds an index on "users"/)
  const { rows } = await database.owner.query('select name from banyan.migrations')
  assert.deepEqual(rows, [{ name: '1_a.sql' }])
})

test('a folder with faults, and a file that was edited, are reasons', async () => {
  await write('1_a.sql', first)
  await applyAll()
  await write('1_a.sql', `${first}; select 1`)
  assert.match(
    (await look()).reasons.join(),
    /1_a\.sql \(applied .*was changed after being applied/,
  )
  await write('2_b.sql', 'drop table users')
  assert.match((await look()).reasons.join(), /2_b\.sql:1:1: it drops a table\. While a release/)
})

test('where nothing runs beside, nothing is too big', async () => {
  await write('1_a.sql', first)
  await applyAll()
  await database.owner.query(`insert into users select i, i::text from generate_series(1, 20000) i;
    analyze users`)
  await write('2_b.sql', 'create index on users (email)')
  assert.deepEqual((await look([users], null)).reasons, [])
})
