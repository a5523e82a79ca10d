import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Table } from '@banyan/model'
import { grantNarrow, hasNarrow, narrowSql, revokeNarrow } from '@banyan/postgres'
import { startPostgres, type TestPostgres, writeRuntimeFile } from '@banyan/testing'
import fc from 'fast-check'
import pg from 'pg'
import { from } from 'pg-copy-streams'
import { openData } from '../../packages/banyan/src/data/data.ts'
import { applyMigrations } from '../../packages/control/src/migrations/apply.ts'
import { parseStatements } from '../../packages/control/src/migrations/sql.ts'
import { captureStatements } from './conduit-capture.ts'
import { openNarrow, sync } from './narrow-setup.ts'

const notes: Table[] = [{ kind: 'sharded', name: 'notes', by: 'user_id', unique: [] }]
const wrong = { code: 'BANYAN_WRONG_KEY' }

/** Every row of the catalog that a switch could leave a trace in, without what only counts or times. */
const catalogSql = `
  select jsonb_build_object(
    'classes', (select jsonb_agg(to_jsonb(c) - '{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,relfilenode}'::text[] order by c.oid)
      from pg_class c where relnamespace::regnamespace::text in ('public', 'banyan')),
    'policies', (select jsonb_agg(to_jsonb(p)) from pg_policy p),
    'triggers', (select jsonb_agg(to_jsonb(t) order by t.oid) from pg_trigger t),
    'functions', (select jsonb_agg(to_jsonb(f) order by f.oid) from pg_proc f
      where pronamespace::regnamespace::text in ('public', 'banyan')),
    'comments', (select jsonb_agg(to_jsonb(d)) from pg_description d where classoid = 'pg_policy'::regclass),
    'dependencies', (select count(*) from pg_depend), 'shared', (select count(*) from pg_shdepend),
    'grants', (select jsonb_agg(to_jsonb(a)) from pg_default_acl a),
    'roles', (select jsonb_agg(to_jsonb(r) order by r.oid) from pg_roles r where rolname like 'banyan%'),
    'members', (select jsonb_agg(jsonb_build_array(roleid::regrole, member::regrole) order by roleid, member)
      from pg_auth_members where roleid::regrole::text like 'banyan%'),
    'settings', (select jsonb_agg(to_jsonb(s)) from pg_db_role_setting s),
    'installed', (select jsonb_agg(to_jsonb(i) order by i.name) from banyan.installed i)
  )::text as catalog`

describe('the database of narrow mode', () => {
  let postgres: TestPostgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  const read = async (client: pg.Client): Promise<string> =>
    (await client.query(catalogSql)).rows[0].catalog

  it('is the same after it was switched on and off, again and again', async () => {
    const { ownerUrl, adminUrl } = await postgres.createDatabase()
    const owner = new pg.Client({ connectionString: ownerUrl })
    const admin = new pg.Client({ connectionString: adminUrl })
    await Promise.all([owner.connect(), admin.connect()])
    const tables: Table[] = [
      ...notes,
      { kind: 'sharded', name: 'users', by: 'id', unique: [['email']] },
      { kind: 'sharded', name: 'guarded', by: 'id', unique: [] },
      { kind: 'sharded', name: 'visits', by: 'id', unique: [] },
    ]
    try {
      await owner.query(`
        create table notes (user_id text primary key);
        create table users (id text primary key, email text);
        create table guarded (id text primary key);
        alter table guarded enable row level security;
        create policy mine on guarded using (true);
        create table visits (id text, day int, primary key (id, day)) partition by range (day);
        create table visits_1 partition of visits for values from (1) to (2)`)
      await sync(owner, tables, false)
      const before = await read(admin)
      for (const password of ['wide', null]) {
        await sync(owner, tables, true)
        await grantNarrow(admin, password)
        const on = await read(admin)
        assert.notEqual(on, before)
        assert.ok(await hasNarrow(admin))
        await sync(owner, tables, true)
        await grantNarrow(admin, password)
        assert.equal(await read(admin), on, 'a second time changes nothing')
        await sync(owner, tables, false)
        await revokeNarrow(admin)
        assert.equal(await read(admin), before)
        assert.ok(!(await hasNarrow(admin)))
      }
    } finally {
      await Promise.all([owner.end(), admin.end()])
    }
  })

  it('any text that can be a key is set as it is', async () => {
    const { appUrl } = await postgres.createDatabase()
    const app = new pg.Client({ connectionString: appUrl })
    await app.connect()
    const text = fc
      .string({ unit: 'binary', maxLength: 300 })
      .filter((key) => !key.includes('\0') && key.isWellFormed())
    try {
      await fc.assert(
        fc.asyncProperty(text, async (key) => {
          await app.query(`begin; ${narrowSql(key)}`)
          const { rows } = await app.query(`select current_setting('banyan.key') as value`)
          await app.query('rollback')
          assert.equal(rows[0].value, `=${key}`)
        }),
        { numRuns: 300 },
      )
    } finally {
      await app.end()
    }
  })

  it('a table that is no longer declared is no longer narrow', async () => {
    const database = await openNarrow(
      postgres,
      'create table notes (user_id text primary key)',
      notes,
    )
    await sync(database.owner, [], true)
    const { rows } = await database.owner.query(
      `select relrowsecurity as on from pg_class where relname = 'notes'`,
    )
    assert.deepEqual(rows, [{ on: false }])
    await database.close()
  })

  it('the row security of the app goes on holding, in scopes and in Pool', async () => {
    const database = await openNarrow(
      postgres,
      `create table notes (user_id text, id int, hidden boolean not null default false, primary key (user_id, id));
       alter table notes enable row level security;
       create policy visible on notes for select using (not hidden);
       create policy writable on notes for insert with check (not hidden);
       create table diary (id int primary key, hidden boolean);
       alter table diary enable row level security;
       create policy visible on diary using (not hidden);
       insert into notes values ('ann', 1, false), ('ann', 2, true), ('bob', 1, false), ('bob', 2, true);
       insert into diary values (1, false), (2, true)`,
      notes,
    )
    const { data, pool } = database
    const ann = data.of('ann')
    assert.deepEqual(await ann.read`select id from notes`, [{ id: 1 }])
    assert.deepEqual(await ann.read`select id from diary`, [{ id: 1 }])
    assert.deepEqual((await pool.query('select id from diary')).rows, [{ id: 1 }])
    const { rows } = await pool.query('select user_id, id from notes order by 1')
    assert.deepEqual(rows, [
      { user_id: 'ann', id: 1 },
      { user_id: 'bob', id: 1 },
    ])
    await assert.rejects(ann.read`select from notes where user_id = 'bob'`, wrong)
    const refused = await ann.write`insert into notes values ('ann', 3, true)`.catch(
      (error) => error,
    )
    assert.ok(refused instanceof pg.DatabaseError, String(refused))
    assert.equal(refused.code, '42501', 'the policy of the app is no wrong key')
    assert.deepEqual(await ann.write`update notes set id = 9 where id = 2`, [])
    // As documented: below the app's own policies there is no COPY FROM.
    const client = await pool.connect()
    const stream = client.query(from('copy notes from stdin'))
    await assert.rejects(
      new Promise((resolve, reject) =>
        stream.on('error', reject).on('finish', resolve).end('x\t1\tf\n'),
      ),
      { code: '0A000' },
    )
    client.release()
    await database.close()
  })

  it('policies that the app has not enabled stay off, and their table is not narrow', async () => {
    const database = await openNarrow(
      postgres,
      `create table notes (user_id text primary key); create policy never on notes using (false)`,
      notes,
    )
    await database.data.of('ann').write`insert into notes values ('ann')`
    assert.equal((await database.data.of('bob').read`select from notes`).length, 1)
    const said: string[] = []
    await applyMigrations({
      owner: database.owner,
      migrations: [],
      tables: notes,
      narrow: true,
      onProgress: (words) => said.push(words),
    })
    assert.deepEqual(said, [
      'public.notes is not narrow: it has policies of its own that are not enabled',
    ])
    await database.close()
  })

  it('without migrations services are the owner: everything but a scope sees all, COPY included', async () => {
    const database = await openNarrow(
      postgres,
      'create table notes (user_id text primary key, body text)',
      notes,
      { serves: 'owner' },
    )
    const { data, pool } = database
    await data.of('ann').write`insert into notes values ('ann', 'a')`
    const client = await pool.connect()
    const stream = client.query(from('copy notes from stdin'))
    await new Promise((resolve, reject) =>
      stream.on('error', reject).on('finish', resolve).end('bob\tb\n'),
    )
    client.release()
    assert.equal((await pool.query('select from notes')).rows.length, 2)
    assert.deepEqual(await data.of('ann').read`select user_id from notes`, [{ user_id: 'ann' }])
    await assert.rejects(data.of('ann').read`select from notes where user_id = 'bob'`, wrong)
    await pool.query('create table later (id int primary key)')
    await data.of('ann').write`insert into later values (1)`
    await database.close()
  })

  for (const [type, ann, bob, spelling] of [
    [
      'uuid',
      '018f3c5e-7b1a-7c3d-9f00-0123456789ab',
      '00000000-0000-0000-0000-000000000001',
      '{018F3C5E7B1A7C3D9F000123456789AB}',
    ],
    ['bigint', -9223372036854775808n, 42, '-9223372036854775808'],
  ] as const) {
    it(`a key of type ${type} is one key however it is spelt`, async () => {
      const schema = `create table notes (user_id ${type} primary key, body text)`
      const database = await openNarrow(postgres, schema, notes)
      const { data } = database
      await data.of(ann).write`insert into notes values (${ann}, 'a')`
      await data.of(bob).write`insert into notes values (${bob}, 'b')`
      assert.deepEqual(await data.of(spelling).read`select body from notes`, [{ body: 'a' }])
      await data.of(spelling).write`update notes set body = 'c' where user_id = ${spelling}`
      assert.deepEqual(await data.of(ann).read`select body from notes`, [{ body: 'c' }])
      await assert.rejects(data.of(ann).read`select from notes where user_id = ${bob}`, wrong)
      await assert.rejects(data.of(bob).write`insert into notes values (${ann}, 'x')`, wrong)
      await database.close()
    })
  }

  it('switched off it costs no statement: one is sent for one, and three for a transaction', async () => {
    const { ownerUrl, appUrl } = await postgres.createDatabase()
    const owner = new pg.Client({ connectionString: ownerUrl })
    await owner.connect()
    await owner.query('create table notes (user_id text primary key)')
    const file = await writeRuntimeFile({ url: appUrl, tables: notes })
    const data = openData({ systemFile: () => file.path })
    const capture = captureStatements()
    try {
      await data.of('ann').read`select 1`
      await data.of('ann').write`insert into notes values ('ann')`
      await data.of('bob').transaction((tx) => tx.sql`select from notes where user_id = 'bob'`)
    } finally {
      capture.stop()
      await Promise.all([data.close(), owner.end(), file.remove()])
    }
    assert.deepEqual(
      // What watches who takes the writes asks on a connection of its own.
      capture.captured.map(({ text }) => text).filter((text) => !/banyan[._]/.test(text)),
      [
        'select 1',
        `insert into notes values ('ann')`,
        'begin',
        `select from notes where user_id = 'bob'`,
        'commit',
      ],
    )
  })

  it('a migration sees the tables of the app, and what it leaves is narrow again', async () => {
    const { ownerUrl } = await postgres.createDatabase()
    const owner = new pg.Client({ connectionString: ownerUrl })
    await owner.connect()
    const migration = async (number: number, sql: string) => ({
      name: `000${number}_m.sql`,
      number,
      file: `000${number}_m.sql`,
      sql,
      checksum: String(number),
      contract: false,
      transaction: true,
      repeat: false,
      statements: await parseStatements(sql),
    })
    const first = await migration(1, 'create table notes (user_id text primary key, old text)')
    const second = await migration(
      2,
      `do $$ begin
         if exists (select from pg_policy) or (select relrowsecurity from pg_class where relname = 'notes')
         then raise 'narrow mode is in the way'; end if;
       end $$;
       alter table notes add column body text`,
    )
    const failing = await migration(3, 'select nonsense')
    const state = async () =>
      (
        await owner.query(`select relrowsecurity as on, (select count(*)::int from pg_policy) as policies
          from pg_class where relname = 'notes'`)
      ).rows[0]
    const apply = (migrations: Awaited<ReturnType<typeof migration>>[]) =>
      applyMigrations({ owner, migrations, tables: notes, narrow: true })
    try {
      await apply([first])
      assert.deepEqual(await state(), { on: true, policies: 2 })
      await apply([first, second])
      assert.deepEqual(await state(), { on: true, policies: 2 })
      await assert.rejects(apply([first, second, failing]), { code: 'BANYAN_MIGRATION_FAILED' })
      assert.deepEqual(await state(), { on: true, policies: 2 })
      await applyMigrations({ owner, migrations: [first, second], tables: notes })
      assert.deepEqual(await state(), { on: false, policies: 0 })
    } finally {
      await owner.end()
    }
  })

  it('declared tables that the app is yet to make are told of, and taken in once they are there', async () => {
    const { ownerUrl } = await postgres.createDatabase()
    const owner = new pg.Client({ connectionString: ownerUrl })
    await owner.connect()
    const said: string[] = []
    const start = () =>
      applyMigrations({
        owner,
        migrations: [],
        tables: notes,
        narrow: true,
        missing: 'tolerated',
        onProgress: (sentence) => said.push(sentence),
      })
    try {
      assert.equal((await start()).keyType, null)
      assert.match(said.join(), /the declared table "notes" does not exist yet/)
      await owner.query('create table notes (user_id text primary key)')
      assert.equal((await start()).keyType, 'text')
      assert.equal((await owner.query('select from pg_policy')).rows.length, 2)
      await assert.rejects(
        applyMigrations({ owner, migrations: [], tables: [{ kind: 'reference', name: 'gone' }] }),
        {
          code: 'BANYAN_TABLES_INVALID',
        },
      )
    } finally {
      await owner.end()
    }
  })
})
