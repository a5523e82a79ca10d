// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these texts are code of an app
import type { Case } from '../test-cases.ts'
import { testCases } from '../test-run.ts'
import { databaseTable } from '../test-texts.ts'

const tables = {
  users: { by: 'id', unique: ['email'] },
  notes: { by: 'user_id' },
  tags: { by: 'user_id' },
  plans: 'reference' as const,
}

const migration = `create table users (id uuid primary key, email text not null);
create table notes (
  user_id uuid references users (id),
  id uuid,
  primary key (user_id, id)
);
create table tags (user_id uuid, note_id uuid, tag text, primary key (user_id, note_id, tag),
  foreign key (user_id, note_id) references notes (user_id, id));
create table plans (id int primary key);
`
const url = 'postgres://ann:secret@db.example/notes'
const pool = (sql: string) =>
  `import { Pool } from 'banyan/pg'\nconst pool = new Pool()\npool.query(${sql})`
const scope = (sql: string) => `import { data } from 'banyan'\nawait data.of(id).read\`${sql}\``

const cases: readonly Case[] = [
  {
    rule: 'on-conflict-lookup',
    finds: [
      [
        {
          tables,
          web: scope('insert into users (id, email) values (1, 2)\non conflict (email) do nothing'),
        },
        3,
      ],
      [
        {
          tables,
          web: pool(
            "'insert into users (id) values (1) on conflict on constraint users_email_key do nothing'",
          ),
        },
        3,
      ],
      [
        {
          tables,
          url,
          web: pool("'insert into users (id) values (1) on conflict (email) do nothing'"),
        },
        3,
      ],
    ],
    leaves: [
      { tables, web: scope('insert into users (id) values (1) on conflict (id) do nothing') },
      { web: pool("'insert into users (id) values (1) on conflict (email) do nothing'") },
    ],
  },
  {
    rule: 'on-conflict-nothing',
    finds: [
      [{ tables, web: scope('insert into users (id) values (1) on conflict do nothing') }, 2],
    ],
    leaves: [
      { tables, web: scope('insert into notes (user_id) values (1) on conflict do nothing') },
      { tables, web: scope('insert into users (id) values (1) on conflict (id) do nothing') },
      { tables, url, web: scope('insert into users (id) values (1) on conflict do nothing') },
    ],
  },
  {
    rule: 'key-not-in-primary-key',
    finds: [
      [{ tables, migration: '\ncreate table notes (id uuid primary key, user_id uuid);' }, 2],
      [{ tables, database: { tables: [databaseTable({ name: 'notes' })] } }, null],
    ],
    leaves: [
      { tables, migration },
      { migration: 'create table notes (id uuid primary key, user_id uuid);' },
      {
        tables,
        migration:
          'create table notes (id uuid primary key, user_id uuid);\nalter table notes drop constraint notes_pkey;\nalter table notes add primary key (user_id, id);',
      },
    ],
  },
  {
    rule: 'unique-without-key',
    finds: [
      [{ tables, migration: `${migration}create unique index on users (email);` }, 10],
      [
        {
          tables,
          migration: 'create table users (\n  id uuid primary key,\n  email text unique\n);',
        },
        3,
      ],
      [{ tables, migration: `${migration}create unique index x on users (lower(email));` }, 10],
      [
        {
          tables,
          database: {
            tables: [databaseTable({ name: 'users', uniques: [{ columns: ['email'] }] })],
          },
        },
        null,
      ],
    ],
    leaves: [
      { tables, migration },
      { tables, migration: `${migration}create unique index on notes (user_id, id);` },
      { tables, migration: `${migration}create unique index x on users (email);\ndrop index x;` },
      { tables, migration: `${migration}create unique index on plans (id);` },
    ],
  },
  {
    rule: 'no-primary-key',
    finds: [
      [{ migration: 'create table events (at timestamptz);' }, 1],
      [
        {
          migration: 'create table events (at timestamptz);',
          database: { tables: [databaseTable({ name: 'events', primaryKey: [] })] },
        },
        1,
      ],
    ],
    leaves: [
      { migration },
      { migration: 'create table e (at timestamptz);\nalter table e add id int primary key;' },
      { migration: 'create table e (like other including all);' },
      { migration: "create table e (id int);\ndo $$ begin execute 'x'; end $$;" },
      { migration: 'create temp table e (id int);' },
      {
        migration: 'create table e (id int);',
        database: {
          tables: [databaseTable({ name: 'e', primaryKey: [], replicaIdentity: 'full' })],
        },
      },
    ],
  },
  {
    rule: 'unlogged-table',
    finds: [[{ migration: '\n\ncreate unlogged table hits (id int primary key);' }, 3]],
    leaves: [
      { migration: 'create unlogged table h (id int primary key);\nalter table h set logged;' },
    ],
  },
  {
    rule: 'listen',
    finds: [[{ web: pool("'listen changes'") }, 3]],
    leaves: [{ web: pool("'notify changes'") }, { web: 'app.listen(process.env.PORT)' }],
  },
  {
    rule: 'advisory-lock',
    finds: [
      [{ web: pool('`select\n  pg_advisory_lock(1)`') }, 4],
      [{ web: pool("'select pg_try_advisory_xact_lock($1)'") }, 3],
    ],
    leaves: [{ web: pool("'select pg_advisory_unlock(1)'") }, { web: pool("'select 1'") }],
  },
  {
    rule: 'no-table-declared',
    finds: [
      [{ tables: {} }, null],
      [{ tables: { plans: 'reference' } }, null],
    ],
    leaves: [{ tables }, { noData: true }],
  },
  {
    rule: 'undeclared-table',
    finds: [
      [{ tables, migration: `${migration}create table logs (id int primary key);` }, 10],
      [{ tables, database: { tables: [databaseTable({ name: 'logs' })] } }, null],
    ],
    leaves: [
      { tables, migration },
      { tables, database: { tables: [databaseTable({ name: '_prisma_migrations' })] } },
      {
        tables: { part: 'reference' },
        migration:
          'create table part (at int) partition by range (at);\ncreate table p1 partition of part for values from (0) to (1);',
      },
      { migration },
    ],
  },
  {
    rule: 'numbered-id',
    finds: [
      [{ tables, migration: 'create table users (id bigserial primary key);' }, 1],
      [
        {
          tables,
          migration:
            'create table notes (user_id uuid,\n id bigint generated always as identity,\n primary key (user_id, id));',
        },
        2,
      ],
    ],
    leaves: [
      { tables, migration },
      { tables, migration: 'create table plans (id serial primary key);' },
      { tables, migration: 'create table notes (user_id uuid primary key, position serial);' },
    ],
  },
  {
    rule: 'foreign-key-across-keys',
    finds: [
      [
        {
          tables,
          migration: `${migration}alter table tags add foreign key (note_id) references notes (id);`,
        },
        10,
      ],
      [
        {
          tables,
          migration: `${migration}alter table notes add author uuid references users;`,
        },
        10,
      ],
    ],
    leaves: [
      { tables, migration },
      { tables, migration: `${migration}alter table notes add plan int references plans;` },
    ],
  },
  {
    rule: 'join-across-keys',
    finds: [
      [
        {
          tables,
          web: scope(
            'select * from notes n\njoin users u on u.email = n.body where n.user_id = ${id}',
          ),
        },
        3,
      ],
      [
        { tables, web: pool("'update notes set a = 1 from users where users.email = notes.body'") },
        3,
      ],
    ],
    leaves: [
      { tables, web: scope('select * from notes n join users u on u.id = n.user_id') },
      { tables, web: scope('select * from notes n join tags t using (user_id)') },
      { tables, web: scope('select * from notes n join plans p on p.id = n.plan') },
      { tables, migration, web: scope('select * from notes n join tags t on t.note_id = n.id') },
      { tables, web: scope('select * from notes n, users u where n.user_id = $1 and u.id = $1') },
      { tables, web: scope('select * from notes n, users u where ${condition}') },
      { tables, web: scope('with users as (select 1 as id) select * from notes, users') },
      { web: pool("'select * from notes n join users u on u.email = n.body'") },
    ],
  },
  {
    rule: 'query-without-key',
    finds: [
      [{ tables, web: pool("'select * from notes where id = $1'") }, 3],
      [{ tables, web: pool("'delete from notes'") }, 3],
      [{ tables, web: pool('`select *\nfrom users\nwhere email = ${email}`') }, 4],
      [
        {
          tables,
          web: "import { Client } from 'pg'\nclient.query({ text: 'select * from notes' })",
        },
        2,
      ],
    ],
    leaves: [
      { tables, web: pool("'select * from notes where user_id = $1'") },
      {
        tables,
        web: pool("'select * from notes n join users u on u.id = n.user_id where u.id = $1'"),
      },
      { tables, web: pool("'select * from notes where user_id = any($1)'") },
      { tables, web: pool('`select * from notes where ${condition}`') },
      { tables, web: pool("'select * from notes where ' + condition") },
      { tables, web: pool("'select * from plans'") },
      { tables, web: pool("'with notes as (select 1) select * from notes'") },
      {
        tables,
        web: 'await data.everywhere({ each: (shard) => shard.read`select * from notes` })',
      },
      { web: pool("'select * from notes where id = $1'") },
    ],
  },
  {
    rule: 'pool-on-sharded-table',
    finds: [
      [{ tables, web: pool("'select * from notes where user_id = $1'") }, 3],
      [{ tables, web: pool("'insert into notes (user_id) values ($1)'") }, 3],
    ],
    leaves: [
      { tables, web: pool("'select * from plans where id = $1'") },
      { tables, web: pool("'insert into plans (id) values ($1)'") },
      { tables, web: scope('select * from notes where user_id = ${id}') },
      { web: pool("'select * from notes where user_id = $1'") },
    ],
  },
  {
    rule: 'scope-without-key',
    finds: [
      [{ tables, web: scope('select * from notes') }, 2],
      [{ tables, web: 'data.of(user.id).write`update users set name = ${name}`' }, 1],
    ],
    leaves: [
      { tables, web: scope('select * from notes where user_id = ${id}') },
      { tables, web: scope('select * from notes where ${own}') },
      { tables, web: scope('select * from plans') },
      { tables, web: scope('with x as (select 1) select * from notes, x') },
      { tables, web: 'await shard.read`select * from notes`' },
    ],
  },
]

testCases(cases)
