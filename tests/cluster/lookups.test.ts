import assert from 'node:assert/strict'
import { finished } from 'node:stream/promises'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { BanyanError } from '@banyan/model'
import { constraintNameOf, syncTables } from '@banyan/postgres'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { lookupRows, type Prepared, prepare, sharded, sync } from './lookups-setup.ts'

let postgres: TestPostgres
let database: Prepared

before(async () => {
  postgres = await startPostgres()
})
after(() => postgres?.stop())
beforeEach(async () => {
  database = await prepare(postgres)
})
afterEach(() => database?.close())

const users = sharded('users', 'id', ['email'])
const [a, b, c] = [1, 2, 3].map((n) => `00000000-0000-0000-0000-00000000000${n}`)

async function makeUsers(): Promise<void> {
  await database.owner.query(
    'create table users (id uuid primary key, email text, name text, country text)',
  )
  await sync(database.owner, [users])
}

/** The fields of an error by which programs tell what it is. */
async function errorOf(work: Promise<unknown>): Promise<pg.DatabaseError> {
  return await work.then(
    () => assert.fail('nothing was refused'),
    (error) => error,
  )
}

const fieldsOf = ({ code, message, detail, schema, table, constraint }: pg.DatabaseError) => ({
  code,
  message,
  detail,
  schema,
  table,
  constraint,
})

test('a taken value is refused in the words of a unique index, by INSERT, UPDATE, MERGE and upsert', async () => {
  const { app, owner } = database
  await owner.query(
    `create schema plain; create table plain.users (id uuid primary key, email text unique)`,
  )
  await makeUsers()
  for (const table of ['users', 'plain.users']) {
    await app.query(`insert into ${table} (id, email) values ('${a}', 'x'), ('${b}', 'y')`)
  }
  for (const statement of [
    `insert into TABLE (id, email) values ('${c}', 'x')`,
    `insert into TABLE (id, email) select '${c}', 'x'`,
    `update TABLE set email = 'x' where id = '${b}'`,
    `insert into TABLE (id, email) values ('${b}', 'z') on conflict (id) do update set email = 'x'`,
    `merge into TABLE t using (values ('${b}'::uuid)) v (id) on t.id = v.id when matched then update set email = 'x'`,
  ]) {
    const ours = await errorOf(app.query(statement.replace('TABLE', 'users')))
    const theirs = await errorOf(app.query(statement.replace('TABLE', 'plain.users')))
    assert.deepEqual(fieldsOf(ours), { ...fieldsOf(theirs), schema: 'public' }, statement)
  }
})

test('COPY takes values, and is refused for a taken one as an index would refuse it', async () => {
  const { app } = database
  await makeUsers()
  const copy = async (text: string) => {
    const stream = app.query(copyFrom('copy users (id, email) from stdin'))
    stream.end(text)
    await finished(stream)
  }
  await copy(`${a}\tx\n${b}\ty\n`)
  const error = await errorOf(copy(`${c}\ty\n`))
  assert.equal(error.code, '23505')
  assert.equal(error.constraint, 'users_email_key')
  assert.deepEqual(await lookupRows(app, 'unique_users_email'), [`(x,${a})`, `(y,${b})`])
})

test('values of several columns are unique together, and NULLs are distinct', async () => {
  const { owner, app } = database
  await owner.query(
    'create table firms (id bigint primary key, country text, "tax % number" int); create table plain (country text, "tax % number" int, unique (country, "tax % number"))',
  )
  await sync(owner, [sharded('firms', 'id', ['country', 'tax % number'])])
  await app.query(
    `insert into firms values (1, 'de', 1), (2, 'de', 2), (3, 'fr', 1), (4, 'de', null), (5, 'de', null), (6, null, 1), (7, null, null)`,
  )
  await app.query(`insert into plain values ('de', 1)`)
  const ours = await errorOf(app.query(`insert into firms values (8, 'de', 1)`))
  const theirs = await errorOf(app.query(`insert into plain values ('de', 1)`))
  assert.equal(ours.detail, theirs.detail)
  assert.equal(ours.constraint, constraintNameOf('firms', ['country', 'tax % number']))
  await app.query(
    `update firms set country = null where id = 1; insert into firms values (8, 'de', 1)`,
  )
  assert.match(
    (await errorOf(app.query(`update firms set country = 'de' where id = 6`))).message,
    /duplicate key/,
  )
})

test('a lookup follows every change of its table', async () => {
  const { app } = database
  await makeUsers()
  const rows = () => lookupRows(app, 'unique_users_email')
  await app.query(`insert into users (id, email) values ('${a}', 'x'), ('${b}', null)`)
  assert.deepEqual(await rows(), [`(x,${a})`])
  await app.query(`update users set email = 'y' where id = '${b}'`)
  await app.query(`update users set email = 'z' where id = '${a}'`)
  assert.deepEqual(await rows(), [`(y,${b})`, `(z,${a})`])
  await app.query(`update users set email = null where id = '${b}'`)
  await app.query(`delete from users where id = '${a}'`)
  assert.deepEqual(await rows(), [])
  await app.query(`insert into users (id, email) values ('${a}', 'x'); truncate users`)
  assert.deepEqual(await rows(), [])
  await app.query(`insert into users (id, email) values ('${c}', 'x')`)
})

test('an update that leaves the values alone queues no trigger', async () => {
  const { app, owner } = database
  await makeUsers()
  await app.query(`insert into users (id, email) values ('${a}', 'x')`)
  const { rows } = await owner.query(
    `explain (analyze, format json) update users set name = 'n', email = 'x'`,
  )
  const triggers: { 'Trigger Name': string; Calls: number }[] = rows[0]['QUERY PLAN'][0].Triggers
  assert.deepEqual(
    triggers.filter(({ Calls }) => Calls > 0),
    [],
  )
})

test('a value that a BEFORE trigger of the app sets is kept unique as well', async () => {
  const { app, owner } = database
  await makeUsers()
  await owner.query(`create function lower_email() returns trigger language plpgsql as
    $$ begin new.email = lower(coalesce(new.email, new.name)); return new; end $$;
    create trigger lower_email before insert or update on users for each row execute function lower_email()`)
  await app.query(`insert into users (id, email) values ('${a}', 'X'), ('${b}', 'Y')`)
  assert.equal(
    (await errorOf(app.query(`insert into users (id, email) values ('${c}', 'x')`))).code,
    '23505',
  )
  // The statement names another column; the trigger makes it the taken value.
  const error = await errorOf(
    app.query(`update users set name = 'x', email = null where id = '${b}'`),
  )
  assert.equal(error.constraint, 'users_email_key')
  assert.deepEqual(await lookupRows(app, 'unique_users_email'), [`(x,${a})`, `(y,${b})`])
})

test('of eight clients that race for one value exactly one wins', async () => {
  await makeUsers()
  const clients = await Promise.all(Array.from({ length: 8 }, () => database.connect('app')))
  for (let round = 0; round < 25; round++) {
    const results = await Promise.allSettled(
      clients.map((client) =>
        client.query(`insert into users (id, email) values (gen_random_uuid(), 'round ${round}')`),
      ),
    )
    const lost = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    assert.equal(lost.length, 7)
    assert.deepEqual(new Set(lost.map(({ reason }) => reason.code)), new Set(['23505']))
  }
  assert.equal((await lookupRows(database.app, 'unique_users_email')).length, 25)
})

test('whoever waits for a value gets it when the first one rolls back, or gives it up', async () => {
  await makeUsers()
  const [first, second] = [database.app, await database.connect('app')]
  await first.query(`begin; insert into users (id, email) values ('${a}', 'x')`)
  const waiting = second.query(`insert into users (id, email) values ('${b}', 'x')`)
  await first.query('rollback')
  await waiting
  await first.query(`begin; delete from users where id = '${b}'`)
  const waitingAgain = second.query(`insert into users (id, email) values ('${c}', 'x')`)
  await first.query('commit')
  await waitingAgain
  assert.deepEqual(await lookupRows(database.app, 'unique_users_email'), [`(x,${c})`])
})

test('a value moves between rows within one transaction', async () => {
  const { app } = database
  await makeUsers()
  await app.query(`insert into users (id, email) values ('${a}', 'x'), ('${b}', 'y')`)
  await app.query(`begin; delete from users where id = '${a}';
    insert into users (id, email) values ('${c}', 'x'); commit`)
  await app.query(`begin; update users set email = 'hold' where id = '${b}';
    update users set email = 'y' where id = '${c}'; update users set email = 'x' where id = '${b}'; commit`)
  assert.deepEqual(await lookupRows(app, 'unique_users_email'), [`(x,${b})`, `(y,${c})`])
})

test('a rolled back transaction and a rolled back savepoint leave no value taken', async () => {
  const { app } = database
  await makeUsers()
  await app.query(`begin; insert into users (id, email) values ('${a}', 'x'); rollback`)
  await app.query(`begin; savepoint s; insert into users (id, email) values ('${a}', 'x');
    rollback to savepoint s; insert into users (id, email) values ('${b}', 'y'); commit`)
  assert.deepEqual(await lookupRows(app, 'unique_users_email'), [`(y,${b})`])
  await app.query('begin')
  await app.query('savepoint s')
  assert.equal(
    (await errorOf(app.query(`insert into users (id, email) values ('${a}', 'y')`))).code,
    '23505',
  )
  await app.query('rollback to savepoint s')
  await app.query(`insert into users (id, email) values ('${a}', 'x'); commit`)
  assert.equal((await lookupRows(app, 'unique_users_email')).length, 2)
})

test('under REPEATABLE READ an unseen taker raises 40001 first, and 23505 when run again', async () => {
  await makeUsers()
  const other = await database.connect('app')
  const { app } = database
  const insert = `insert into users (id, email) values ('${b}', 'x')`
  await app.query('begin isolation level repeatable read; select * from users')
  await other.query(`insert into users (id, email) values ('${a}', 'x')`)
  assert.equal((await errorOf(app.query(insert))).code, '40001')
  await app.query('rollback; begin isolation level repeatable read')
  assert.equal((await errorOf(app.query(insert))).code, '23505')
  await app.query('rollback')
})

test('cascades and TRUNCATE … CASCADE give values free', async () => {
  const { app, owner } = database
  await owner.query(`create table users (id uuid primary key, email text);
    create table pages (user_id uuid references users on delete cascade, path text, primary key (user_id, path))`)
  await sync(owner, [users, sharded('pages', 'user_id', ['path'])])
  const fill = () =>
    app.query(`insert into users values ('${a}', 'x'), ('${b}', 'y');
      insert into pages values ('${a}', '/a'), ('${b}', '/b')`)
  await fill()
  await app.query(`delete from users where id = '${a}'`)
  assert.deepEqual(await lookupRows(app, 'unique_pages_path'), [`(/b,${b})`])
  await app.query('truncate users cascade')
  assert.deepEqual(await lookupRows(app, 'unique_pages_path'), [])
  await fill()
})

test('every change of a shard key is refused with BN001, also one that a trigger makes', async () => {
  const { app, owner } = database
  await makeUsers()
  await app.query(`insert into users (id, name) values ('${a}', 'n')`)
  const error = await errorOf(app.query(`update users set id = '${b}'`))
  assert.equal(error.code, 'BN001')
  assert.equal(error.message, 'the shard key "id" of table "users" cannot change')
  assert.equal(error.column, 'id')
  await owner.query(`create function other_key() returns trigger language plpgsql as
    $$ begin new.id = '${c}'; return new; end $$;
    create trigger zzz before update on users for each row execute function other_key()`)
  assert.equal((await errorOf(app.query(`update users set name = 'm'`))).code, 'BN001')
  await owner.query('drop trigger zzz on users')
  await app.query(`update users set id = id, name = 'm'`)
})

test('a partitioned table is unique over its partitions, whichever way rows come and go', async () => {
  const { app, owner } = database
  await owner.query(`create table notes (user_id bigint, month int, slug text, primary key (user_id, month)) partition by list (month);
    create table notes_1 partition of notes for values in (1);
    create table notes_2 partition of notes for values in (2, 3) partition by list (month);
    create table notes_2_2 partition of notes_2 for values in (2)`)
  const notes = [sharded('notes', 'user_id', ['slug'])]
  await sync(owner, notes)
  const rows = () => lookupRows(app, 'unique_notes_slug')
  await app.query(
    `insert into notes values (1, 1, 'x'); insert into notes_1 values (2, 1, 'y'); insert into notes_2_2 values (3, 2, 'z')`,
  )
  assert.equal(
    (await errorOf(app.query(`insert into notes values (4, 2, 'x')`))).constraint,
    'notes_slug_key',
  )
  assert.equal(
    (await errorOf(app.query(`insert into notes_2_2 values (4, 2, 'y')`))).table,
    'notes',
  )
  await app.query(`update notes set month = 2 where user_id = 1`)
  assert.deepEqual(await rows(), ['(x,1)', '(y,2)', '(z,3)'])
  assert.equal(
    (await errorOf(app.query(`update notes set month = 1, user_id = 9 where user_id = 1`))).code,
    'BN001',
  )
  await app.query('truncate notes_2')
  assert.deepEqual(await rows(), ['(y,2)'])
  await app.query('begin isolation level repeatable read')
  assert.equal((await errorOf(app.query('truncate notes_1'))).code, '0A000')
  await app.query('rollback; begin isolation level repeatable read; truncate notes; commit')
  assert.deepEqual(await rows(), [])
})

test('a change of the key that moves a row to another partition is refused', async () => {
  const { app, owner } = database
  await owner.query(`create table notes (user_id bigint primary key) partition by hash (user_id);
    create table notes_0 partition of notes for values with (modulus 2, remainder 0);
    create table notes_1 partition of notes for values with (modulus 2, remainder 1)`)
  await sync(owner, [sharded('notes', 'user_id')])
  await app.query('insert into notes select generate_series(1, 20)')
  for (let key = 101; key < 121; key++) {
    assert.equal(
      (await errorOf(app.query(`update notes set user_id = ${key} where user_id = 1`))).code,
      'BN001',
    )
  }
})

test('partitions that come later are covered, with the rows that they bring, and those that go', async () => {
  const { app, owner } = database
  await owner.query(`create table notes (user_id bigint, month int, slug text, primary key (user_id, month)) partition by list (month);
    create table notes_1 partition of notes for values in (1)`)
  const notes = [sharded('notes', 'user_id', ['slug'])]
  await sync(owner, notes)
  await app.query(`insert into notes values (1, 1, 'x')`)
  await owner.query(`create table notes_2 partition of notes for values in (2)`)
  const changes = (await sync(owner, notes)).changes
  assert.ok(
    !changes.some((change) => change.includes('values taken')),
    'an empty partition needs no backfill',
  )
  await app.query(`insert into notes values (2, 2, 'y')`)
  await app.query('truncate notes_2')
  assert.deepEqual(await lookupRows(app, 'unique_notes_slug'), ['(x,1)'])
  await owner.query(`create table notes_3 (like notes); insert into notes_3 values (3, 3, 'z');
    alter table notes attach partition notes_3 for values in (3)`)
  await sync(owner, notes)
  assert.deepEqual(await lookupRows(app, 'unique_notes_slug'), ['(x,1)', '(z,3)'])
  await owner.query('alter table notes detach partition notes_1')
  await sync(owner, notes)
  assert.deepEqual(await lookupRows(app, 'unique_notes_slug'), ['(z,3)'])
})

test('rows that are there already are taken in, and duplicates are reported', async () => {
  const { app, owner } = database
  await owner.query(`create table users (id uuid primary key, email text);
    insert into users values ('${a}', 'x'), ('${b}', 'x'), ('${c}', null)`)
  await assert.rejects(sync(owner, [users]), (error) => {
    assert.ok(BanyanError.is(error))
    assert.equal(error.code, 'BANYAN_UNIQUE_DUPLICATES')
    assert.match(
      error.message,
      /"users" has values of email more than once, 1 rows too many: \(x\) 2 times/,
    )
    return true
  })
  await owner.query(`update users set email = 'y' where id = '${b}'`)
  await sync(owner, [users])
  assert.deepEqual(await lookupRows(app, 'unique_users_email'), [`(x,${a})`, `(y,${b})`])
})

test('rows written while a lookup is made are in it', async () => {
  const { app, owner } = database
  await owner.query('create table users (id uuid primary key, email text)')
  const writer = await database.connect('app')
  await writer.query(`begin; insert into users values ('${a}', 'x')`)
  const syncing = sync(owner, [users])
  await new Promise((resolve) => setTimeout(resolve, 100))
  await writer.query('commit')
  await syncing
  assert.deepEqual(await lookupRows(app, 'unique_users_email'), [`(x,${a})`])
})

test('installing again changes nothing, and costs no lock on the tables', async () => {
  await makeUsers()
  const reader = await database.connect('app')
  await reader.query(`begin; insert into users (id, email) values ('${a}', 'x')`)
  await database.owner.query(`set lock_timeout = '100ms'`)
  assert.deepEqual((await sync(database.owner, [users])).changes, [])
  await reader.query('rollback')
})

test('a trigger that the owner dropped or disabled is put back, and the lookup filled anew', async () => {
  const { app, owner } = database
  await makeUsers()
  for (const damage of [
    'drop trigger "1_banyan_email_insert" on users',
    'alter table users disable trigger "1_banyan_email_insert"',
  ]) {
    await owner.query(
      `${damage}; truncate users; insert into users (id, email) values ('${a}', 'x')`,
    )
    assert.deepEqual(await lookupRows(app, 'unique_users_email'), [])
    await sync(owner, [users])
    assert.deepEqual(await lookupRows(app, 'unique_users_email'), [`(x,${a})`])
    assert.equal(
      (await errorOf(app.query(`insert into users (id, email) values ('${b}', 'x')`))).code,
      '23505',
    )
  }
})

test('what one transaction changed past the triggers is in the lookup when it ends', async () => {
  const { app, owner } = database
  await owner.query(`create table people (id bigint, other bigint, raw text,
      email text generated always as (lower(raw)) stored, primary key (id, other));
    create table members (id bigint primary key, email text) partition by hash (id);
    create table members_0 partition of members for values with (modulus 1, remainder 0)`)
  const tables = [sharded('people', 'id', ['email']), sharded('members', 'id', ['email'])]
  await sync(owner, tables)
  await app.query(`insert into people values (1, 11, 'A'); insert into members values (1, 'a')`)
  const [people, members] = ['unique_people_email', 'unique_members_email']
  for (const { change, lookup, row } of [
    {
      change: `alter table people disable trigger user; update people set raw = 'B';
        alter table people enable trigger user`,
      lookup: people,
      row: '(b,1)',
    },
    {
      change: `alter table people disable trigger "0_banyan_key"; update people set id = 2;
        alter table people enable trigger "0_banyan_key"`,
      lookup: people,
      row: '(b,2)',
    },
    {
      change: 'alter table people alter column email set expression as (upper(raw))',
      lookup: people,
      row: '(B,2)',
    },
    {
      change: `alter table people rename id to spare; alter table people rename other to id;
        alter table people rename spare to other`,
      lookup: people,
      row: '(B,11)',
    },
    {
      change: `alter table people drop column id cascade; alter table people add column id bigint
        default 7; alter table people add primary key (id, other)`,
      lookup: people,
      row: '(B,7)',
    },
    {
      change: `alter table members detach partition members_0; update members_0 set email = 'c';
        alter table members attach partition members_0 for values with (modulus 1, remainder 0)`,
      lookup: members,
      row: '(c,1)',
    },
  ]) {
    await owner.query('begin')
    await owner.query(change)
    await syncTables(owner, tables)
    await owner.query('commit')
    assert.deepEqual(await lookupRows(app, lookup), [row], change)
  }
  assert.deepEqual((await sync(owner, tables)).changes, [])
})

test('row security that hides rows from the owner is a fault, any other is not', async () => {
  const { app, owner } = database
  await owner.query(`create table users (id bigint primary key, email text);
    insert into users values (1, 'x');
    alter table users enable row level security, force row level security;
    create policy own on users using (id = current_setting('app.id', true)::bigint)`)
  const tables = [sharded('users', 'id', ['email'])]
  const { message } = await errorOf(sync(owner, tables))
  assert.match(message, /users: it forces row security on its owner/)
  await owner.query('alter table users no force row level security')
  await sync(owner, tables)
  assert.deepEqual(await lookupRows(app, 'unique_users_email'), ['(x,1)'])
  assert.equal((await app.query('select from users')).rowCount, 0)
})

test('a table that was dropped and made again starts with an empty lookup', async () => {
  const { app, owner } = database
  await makeUsers()
  await app.query(`insert into users (id, email) values ('${a}', 'x')`)
  await owner.query('drop table users; create table users (id uuid primary key, email text)')
  await sync(owner, [users])
  assert.deepEqual(await lookupRows(app, 'unique_users_email'), [])
})

test('a declaration that is removed takes its lookup and triggers along', async () => {
  const { app, owner } = database
  await makeUsers()
  await sync(owner, [sharded('users', 'id')])
  await app.query(`insert into users (id, email) values ('${a}', 'x'), ('${b}', 'x')`)
  await sync(owner, [])
  await app.query(`update users set id = '${c}' where id = '${b}'`)
  const { rows } = await owner.query(`select relname from pg_class where relname like 'unique\\_%'
    union all select proname from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname = 'banyan'
    union all select tgname from pg_trigger where tgname like '%banyan%'`)
  assert.deepEqual(rows, [])
})

test('a column with a type or a collation of its own is compared as an index on it would', async () => {
  const { app, owner } = database
  await owner.query(`create collation fold (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create domain short as varchar(10);
    create type colour as enum ('red', 'blue');
    create table users (id text primary key, email text collate fold, code short, colour colour, at timestamptz, price numeric, bytes bytea)`)
  const columns = ['email', 'code', 'colour', 'at', 'price', 'bytes']
  const table = sharded('users', 'id', ...columns.map((column) => [column]))
  await sync(owner, [table])
  const first = {
    email: 'X@y',
    code: 'c',
    colour: 'red',
    at: '2026-01-01 00:00+00',
    price: '1.0',
    bytes: '\\x00',
  }
  const equal = {
    email: 'x@Y',
    code: 'c',
    colour: 'red',
    at: '2026-01-01 01:00+01',
    price: '1.00',
    bytes: '\\x00',
  }
  const names = columns.join(', ')
  const values = (row: object) =>
    Object.values(row)
      .map((value) => `'${value}'`)
      .join(', ')
  await app.query(`insert into users (id, ${names}) values ('1', ${values(first)})`)
  for (const [column, value] of Object.entries(equal)) {
    const error = await errorOf(
      app.query(`insert into users (id, ${column}) values ('2', '${value}')`),
    )
    assert.equal(error.constraint, `users_${column}_key`)
  }
  await app.query(
    `update users set ${Object.entries(equal)
      .map(([column, value]) => `${column} = '${value}'`)
      .join(', ')}`,
  )
  await app.query('delete from users')
  for (const column of columns)
    assert.deepEqual(await lookupRows(app, `unique_users_${column}`), [])
  assert.deepEqual((await sync(owner, [table])).changes, [])
})

test('names that need quotes, and names that are too long, work', async () => {
  const { app, owner } = database
  const name = `Users of "${'x'.repeat(40)}"`
  const column = `E'mail\\ ${'ü'.repeat(20)}`
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
  await owner.query(`create table ${quote(name)} (id bigint primary key, ${quote(column)} text);
    create table plain (like ${quote(name)})`)
  const table = sharded(name, 'id', [column])
  await sync(owner, [table])
  await app.query(`insert into ${quote(name)} values (1, 'x')`)
  const error = await errorOf(app.query(`insert into ${quote(name)} values (2, 'x')`))
  assert.equal(error.table, name)
  await app.query(`truncate ${quote(name)}; insert into ${quote(name)} values (2, 'x')`)
  assert.deepEqual((await sync(owner, [table])).changes, [])
  await owner.query(
    `create schema plain; create table plain.${quote(name)} (${quote(column)} text unique)`,
  )
  const { rows } = await owner.query(
    `select conname from pg_constraint where contype = 'u' and connamespace = 'plain'::regnamespace`,
  )
  assert.equal(error.constraint, rows[0].conname)
})

test('the runtime role reads lookups and can neither write them nor get past them', async () => {
  const { app } = database
  await makeUsers()
  await app.query('select * from banyan.unique_users_email; select * from banyan.migrations')
  for (const statement of [
    `insert into banyan.unique_users_email values ('x', '${a}')`,
    `update banyan.unique_users_email set email = 'x'`,
    'delete from banyan.unique_users_email',
    'truncate banyan.unique_users_email',
    'drop table banyan.unique_users_email',
    `insert into banyan.settings (format) values (2)`,
    'delete from banyan.migrations',
    'drop trigger "1_banyan_email_insert" on users',
    'alter table users disable trigger all',
    'create trigger mine before insert on users for each row execute function banyan.keep_users_email()',
    // Whoever may execute a definer's trigger function could fire it from a table of his own.
    'create temp table mine (id uuid, email text); create trigger mine after insert on mine for each row execute function banyan.keep_users_email()',
    'create table public.mine (id int)',
    'create table banyan.mine (id int)',
    'set session_replication_role = replica',
    'set role banyan_owner',
    'create or replace function banyan.keep_users_email() returns trigger language plpgsql as $$ begin return null; end $$',
  ]) {
    assert.equal((await errorOf(app.query(statement))).code, '42501', statement)
  }
})

test('a temporary table of the runtime role does not stand in for a lookup', async () => {
  const { app } = database
  await makeUsers()
  await app.query(
    `create temp table unique_users_email (email text, id uuid); set search_path = pg_temp, public`,
  )
  await app.query(`insert into public.users (id, email) values ('${a}', 'x')`)
  assert.equal(
    (await errorOf(app.query(`insert into public.users (id, email) values ('${b}', 'x')`))).code,
    '23505',
  )
})

test('the lookup of a value uses its index, with the parameter typed as the column', async () => {
  const { app, owner } = database
  await makeUsers()
  await app.query(
    `insert into users (id, email) select gen_random_uuid(), 'user' || n from generate_series(1, 2000) n`,
  )
  await owner.query('analyze banyan.unique_users_email')
  const { rows } = await app.query({
    text: 'explain (format json) select id from banyan.unique_users_email where email = $1',
    values: ['user7'],
  })
  assert.match(JSON.stringify(rows), /Index (Only )?Scan|Bitmap Index Scan/)
})

test('every fault of the declared tables is reported at once, and nothing is installed', async () => {
  const { owner } = database
  await owner.query(`create table users (id uuid primary key, email text unique, name text);
    create unique index users_lower on users (lower(name));
    create table notes (id bigint primary key, user_id integer);
    create table tags (user_id uuid, name text, primary key (user_id, name));
    create table rooms (user_id bigint primary key, during tstzrange, exclude using gist (during with &&));
    create unlogged table plans (id int primary key);
    create view things as select 1 as id`)
  const error = await sync(owner, [
    sharded('users', 'id', ['email'], ['nick']),
    sharded('notes', 'user_id'),
    sharded('tags', 'user_id', ['name', 'user_id']),
    sharded('rooms', 'user_id'),
    sharded('absent', 'id'),
    { kind: 'reference', name: 'plans' },
    { kind: 'reference', name: 'things' },
  ]).catch((caught) => caught)
  assert.ok(BanyanError.is(error))
  assert.equal(error.code, 'BANYAN_TABLES_INVALID')
  for (const expected of [
    /users: the unique index "users_email_key" \(email\) does not contain .* It is declared in `unique`: drop the index/,
    /users: the unique index "users_lower" \(\(expression\)\).* Keep the indexed value in a column/,
    /users: the column "nick" in `unique` does not exist\. Its columns are: id, email, name/,
    /notes: its shard key "user_id" is integer/,
    /notes: its shard key "user_id" may be null/,
    /notes: its primary key \(id\) does not contain the shard key "user_id"/,
    /tags: unique \(name, user_id\) contains the shard key/,
    /rooms: the exclusion constraint "rooms_during_excl"/,
    /rooms: its shard key is bigint, that of "users" is uuid/,
    /absent: the table does not exist/,
    /plans: it is unlogged/,
    /things: it is a view/,
  ]) {
    assert.match(error.message, expected)
  }
  assert.equal((error.details.faults as unknown[]).length, 12)
  const { rows } = await owner.query(`select tgname from pg_trigger where tgname like '%banyan%'`)
  assert.deepEqual(rows, [])
})

test('an index of a partition, and a table of another role, are faults too', async () => {
  const { owner, admin } = database
  await owner.query(`create table notes (user_id bigint, slug text, primary key (user_id)) partition by hash (user_id);
    create table notes_0 partition of notes for values with (modulus 1, remainder 0);
    create unique index on notes_0 (slug)`)
  await admin.query('create table foreign_ones (id bigint primary key)')
  const tables = [sharded('notes', 'user_id'), sharded('foreign_ones', 'id')]
  const { message } = await errorOf(sync(owner, tables))
  assert.match(message, /notes: the unique index "notes_0_slug_idx" \(slug\)/)
  assert.match(message, /foreign_ones: it belongs to "banyan_admin"/)
})

test('while migrations are to come, what does not fit yet is left for later', async () => {
  const { app, owner } = database
  await owner.query(
    `create table users (id uuid, email text); insert into users values ('${a}', 'x'), ('${b}', 'x')`,
  )
  const tables = [users, sharded('absent', 'id')]
  const first = await sync(owner, tables, { complete: false })
  assert.deepEqual([first.changes, first.faults.length], [[], 2])
  await owner.query('alter table users add primary key (id)')
  const second = await sync(owner, tables, { complete: false })
  assert.match(second.faults[0]?.message ?? '', /more than once/)
  await owner.query(`update users set email = 'y' where id = '${b}'`)
  await sync(owner, tables, { complete: false })
  assert.equal((await lookupRows(app, 'unique_users_email')).length, 2)
})
