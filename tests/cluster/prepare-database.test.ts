import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { BanyanError } from '@banyan/model'
import { prepareDatabase } from '@banyan/postgres'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import pg from 'pg'

let postgres: TestPostgres
const passwords = { ownerPassword: `o'"\\ wn`, appPassword: 'äpp\u00a0☃' }

before(async () => {
  postgres = await startPostgres({ settings: { log_statement: 'none' } })
})
after(() => postgres?.stop())

async function withClient<Result>(
  url: { user?: string; password?: string; database?: string },
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const admin = new URL(postgres.adminUrl)
  const { host, port } = postgres
  const client = new pg.Client({
    host,
    port,
    user: admin.username,
    password: admin.password,
    database: 'postgres',
    ...url,
  })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

const asOwner = { user: 'banyan_owner', password: passwords.ownerPassword }
const asApp = { user: 'banyan_app', password: passwords.appPassword }

test('several callers at once prepare one database, and again, whatever its name holds', async () => {
  const database = `it's "mine" %s`
  const options = { database, ...passwords }
  const prepare = () => withClient({}, (admin) => prepareDatabase(admin, options))
  await Promise.all([prepare(), prepare(), prepare()])
  await prepare()
  await withClient({ ...asOwner, database }, (owner) => owner.query('create table t (id int)'))
  await withClient({ ...asApp, database }, (app) => app.query('insert into t values (1)'))
})

test('the runtime role uses what migrations make, in every schema, and alters nothing', async () => {
  const database = 'rights'
  await withClient({}, (admin) => prepareDatabase(admin, { database, ...passwords }))
  await withClient({ ...asOwner, database }, (owner) =>
    owner.query(`create schema billing; create table billing.t (id serial, at int generated always as identity);
      create function f() returns int language sql as 'select 1'`),
  )
  await withClient({ ...asApp, database }, async (app) => {
    await app.query(`insert into billing.t default values; update billing.t set id = 2;
      select f(), currval('billing.t_id_seq'); delete from billing.t; truncate billing.t; create temp table x ()`)
    for (const statement of [
      'drop table billing.t',
      'create table public.x ()',
      'create schema x',
    ]) {
      await assert.rejects(app.query(statement), { code: '42501' }, statement)
    }
  })
})

test('what a migration took from the runtime role stays taken', async () => {
  const database = 'revoked'
  const prepare = () =>
    withClient({}, (admin) => prepareDatabase(admin, { database, ...passwords }))
  await prepare()
  await withClient({ ...asOwner, database }, (owner) =>
    owner.query('create table audit (id int); revoke delete on audit from banyan_app'),
  )
  await prepare()
  await withClient({ ...asApp, database }, (app) =>
    assert.rejects(app.query('delete from audit'), { code: '42501' }),
  )
})

test('strangers may not connect, and roles are brought back to what they should be', async () => {
  const database = 'closed'
  await withClient({}, async (admin) => {
    await prepareDatabase(admin, { database, ...passwords })
    await admin.query(`create role stranger login password 'x'; alter role banyan_app superuser`)
    await prepareDatabase(admin, { database, ...passwords })
    const { rows } = await admin.query(`select rolname from pg_roles where rolname like 'banyan\\_%'
      and (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)`)
    assert.deepEqual(rows, [{ rolname: 'banyan_admin' }])
  })
  await assert.rejects(
    withClient({ user: 'stranger', password: 'x', database }, async () => {}),
    {
      code: '42501',
    },
  )
})

test('a new password takes the place of the old one, and no password is in the log of the server', async () => {
  const secret = 'correct-horse-battery'
  await withClient({}, async (admin) => {
    await prepareDatabase(admin, { database: 'secrets', ...passwords, appPassword: secret })
    await admin.query(`set log_statement = 'all'`)
    await prepareDatabase(admin, { database: 'secrets', ...passwords, appPassword: `${secret}-2` })
    await prepareDatabase(admin, { database: 'secrets', ...passwords })
  })
  await withClient({ ...asApp, database: 'secrets' }, (app) => app.query('select 1'))
  const log = await readFile(postgres.logFile, 'utf8')
  assert.match(log, /alter role "banyan_app"/)
  assert.doesNotMatch(log, new RegExp(secret))
})

test('a database, or a schema, of somebody else is refused and left alone', async () => {
  await withClient({}, async (admin) => {
    await admin.query('create database taken')
    await assert.rejects(prepareDatabase(admin, { database: 'taken', ...passwords }), (error) => {
      assert.ok(BanyanError.is(error) && error.code === 'BANYAN_DATABASE_FOREIGN')
      assert.match(error.message, /The database "taken" belongs to the role "banyan_admin"/)
      return true
    })
    await admin.query('alter database taken owner to banyan_owner')
    await withClient({ database: 'taken' }, (client) => client.query('create schema banyan'))
    await assert.rejects(prepareDatabase(admin, { database: 'taken', ...passwords }), {
      code: 'BANYAN_DATABASE_FOREIGN',
    })
  })
})

test('a database that a newer Banyan prepared is refused', async () => {
  await withClient({}, async (admin) => {
    await prepareDatabase(admin, { database: 'newer', ...passwords })
    await withClient({ ...asOwner, database: 'newer' }, (owner) =>
      owner.query('update banyan.settings set format = 99'),
    )
    await assert.rejects(prepareDatabase(admin, { database: 'newer', ...passwords }), {
      code: 'BANYAN_DATABASE_NEWER',
    })
  })
})
