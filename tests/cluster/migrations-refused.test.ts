import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { type ApplyOptions, applyMigrations, readMigrations } from '@banyan/control/migrations'
import { BanyanError } from '@banyan/model'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { startWriter, type Writer } from './load-writer.ts'
import { type Prepared, prepare, sharded } from './lookups-setup.ts'

const rows = 12_000
/** Far more than a statement takes, and far less than a table of a million rows would be locked. */
const longestMs = 1_000

let postgres: TestPostgres
let database: Prepared
let folder: string
let writer: Writer

before(async () => {
  postgres = await startPostgres()
  database = await prepare(postgres)
  folder = await mkdtemp(join(tmpdir(), 'banyan-migrations-'))
})
after(async () => {
  await database?.close()
  await postgres?.stop()
  await rm(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  await database.owner.query(`
    create table t (id bigint primary key, n int not null default 0, body varchar(20), kind text,
      amount numeric(8,2), at timestamptz default now());
    insert into t (id, body, kind, amount) select i, 'row ' || i, 'a', 1
      from generate_series(1, ${rows}) i;
    create index t_kind on t (kind);
    create table small (id int primary key, t_id int, kind text);
    insert into small select i, i from generate_series(1, 10) i;
    analyze t; analyze small`)
  writer = startWriter(await database.connect('app'), rows)
})
afterEach(async () => {
  await writer.stop()
  await database.owner.query(`
    delete from banyan.migrations; drop schema public cascade; create schema public;
    grant usage on schema public to banyan_app`)
})

async function apply(files: readonly string[], options: Partial<ApplyOptions> = {}) {
  for (const name of await readdir(folder)) await rm(join(folder, name))
  for (const [at, sql] of files.entries()) {
    await writeFile(join(folder, `${String(at + 1).padStart(4, '0')}_step.sql`), sql)
  }
  const migrations = await readMigrations(folder)
  const { owner } = database
  return await applyMigrations({ owner, migrations, tables: [], phase: 'expand', ...options })
}

const alone = (sql: string): string => `-- banyan: no-transaction\n${sql}`
const repeated = (sql: string): string => `-- banyan: repeat\n${sql}`

type Form = {
  readonly what: string
  /** Files that are refused for their last statement. */
  readonly refused: readonly string[]
  readonly says: RegExp
  /** Run before, as the owner. */
  readonly setUp?: string
  /** The files that lead to the same, while everybody writes. */
  readonly safe?: readonly string[]
}

const fill = repeated(
  `update t set x = 1 where id in (select id from t where x is null limit 5000)`,
)

const forms: readonly Form[] = [
  {
    what: 'another type',
    refused: ['alter table t alter column n type bigint'],
    says: /changes the type of "n" from integer, which rewrites "t" \(about 1\d,\d{3} rows, .*Add a new column/s,
    safe: [
      `alter table t add column x bigint;
       create function keep_x() returns trigger language plpgsql as $$ begin new.x = new.n; return new; end $$;
       create trigger keep_x before insert or update on t for each row execute function keep_x()`,
      repeated('update t set x = n where id in (select id from t where x is null limit 5000)'),
    ],
  },
  {
    what: 'a type with USING',
    refused: ['alter table t alter column body type text using upper(body)'],
    says: /changes the type of "body"/,
  },
  {
    what: 'a narrower varchar',
    refused: ['alter table t alter column body type varchar(10)'],
    says: /changes the type of "body" from character varying\(20\)/,
    safe: [
      'alter table t alter column body type varchar(200), alter amount type numeric(12,2)',
      'alter table t alter column body type text, alter column kind type varchar',
    ],
  },
  {
    what: 'a column with a volatile default',
    refused: ['alter table t add column x uuid not null default gen_random_uuid()'],
    says: /adds the column "x" with the volatile default gen_random_uuid\(\), which rewrites/,
    safe: [
      'alter table t add column x uuid; alter table t alter column x set default gen_random_uuid()',
      repeated(
        'update t set x = gen_random_uuid() where id in (select id from t where x is null limit 5000)',
      ),
      'alter table t add constraint t_x_set check (x is not null) not valid',
      'alter table t validate constraint t_x_set',
      'alter table t alter column x set not null',
    ],
  },
  {
    what: 'a serial column',
    refused: ['alter table t add column x bigserial'],
    says: /adds the column "x" as bigserial, which rewrites/,
  },
  {
    what: 'an identity column',
    refused: ['alter table t add column x int generated always as identity'],
    says: /adds the column "x" as an identity, which rewrites/,
  },
  {
    what: 'a stored generated column',
    refused: ['alter table t add column x int generated always as (n + 1) stored'],
    says: /as a stored generated one.*ordinary column that a trigger keeps/s,
    safe: ['alter table t add column x int generated always as (n + 1) virtual'],
  },
  {
    what: 'a column of a domain',
    setUp: 'create domain positive as int check (value > 0)',
    refused: ['alter table t add column x positive'],
    says: /of the domain positive/,
  },
  {
    what: 'a new column with CHECK',
    refused: ['alter table t add column x int check (x > 0)'],
    says: /checks every row.*Add the column alone/s,
    safe: [
      'alter table t add column x int; alter table t add constraint x_positive check (x > 0) not valid',
      'alter table t validate constraint x_positive',
    ],
  },
  {
    what: 'a new unique column',
    refused: ['alter table t add column x int unique'],
    says: /builds an index on "t"/,
  },
  {
    what: 'a new column with a default and a foreign key',
    refused: ['alter table t add column x int default 1 references small'],
    says: /checks every row/,
    safe: ['alter table t add column x int references small'],
  },
  {
    what: 'SET NOT NULL',
    refused: ['alter table t alter column kind set not null'],
    says: /looks at every row of "t".*check \(kind is not null\) not valid/s,
    safe: [
      'alter table t add constraint t_kind_set check (kind is not null) not valid',
      'alter table t validate constraint t_kind_set',
      'alter table t alter column kind set not null',
    ],
  },
  {
    what: 'NOT NULL as a constraint',
    refused: ['alter table t add constraint kind_set not null kind'],
    says: /looks at every row of "t"/,
    safe: [
      'alter table t add constraint kind_set not null kind not valid',
      'alter table t validate constraint kind_set',
    ],
  },
  {
    what: 'SET NOT NULL after a check that is not validated',
    refused: [
      'alter table t add constraint k check (kind is not null) not valid',
      'alter table t alter column kind set not null',
    ],
    says: /0002_step\.sql:1:1: it looks at every row/,
  },
  {
    what: 'a CHECK',
    refused: ['alter table t add constraint positive check (id > 0)'],
    says: /checks every row on "t".*NOT VALID, and in the next file `alter table t validate constraint positive`/s,
    safe: [
      'alter table t add constraint positive check (id > 0) not valid',
      'alter table t validate constraint positive',
    ],
  },
  {
    what: 'a check and its validation under one lock',
    refused: [
      'alter table t add constraint p check (id > 0) not valid; alter table t validate constraint p',
    ],
    says: /goes through "t".*under the lock of a statement before it.*file of its own/s,
  },
  {
    what: 'a validation beside another command',
    setUp: 'alter table t add constraint p check (id > 0) not valid',
    refused: ['alter table t validate constraint p, alter column n set default 1'],
    says: /under the lock of what stands beside it/,
  },
  {
    what: 'a foreign key',
    refused: ['alter table t add constraint f foreign key (n) references t (id)'],
    says: /looks up every row of a foreign key on "t"/,
    safe: ['alter table t add constraint f foreign key (n) references t (id) not valid'],
  },
  {
    what: 'a unique constraint',
    refused: ['alter table t add constraint u unique (body)'],
    says: /builds the index of a unique on "t".*add unique using index/s,
    safe: [
      alone('create unique index concurrently t_new_idx on t (body)'),
      'alter table t add constraint u unique using index t_new_idx',
    ],
  },
  {
    what: 'a primary key of a column that may be null',
    setUp: 'alter table t drop constraint t_pkey; create index on t (id)',
    refused: [
      alone('create unique index concurrently t_new_idx on t (body)'),
      'alter table t add primary key using index t_new_idx',
    ],
    says: /looks at every row of "t".*"body"/,
    safe: [
      alone('create unique index concurrently t_new_idx on t (body)'),
      'alter table t add constraint body_set check (body is not null) not valid',
      'alter table t validate constraint body_set',
      'alter table t add primary key using index t_new_idx',
    ],
  },
  {
    what: 'an exclusion constraint',
    refused: ['alter table t add exclude using btree (id with =)'],
    says: /index of an exclusion constraint/,
  },
  {
    what: 'an index',
    refused: ['create index i on t (body)'],
    says: /builds an index on "t".*Write CONCURRENTLY, in a file of its own/s,
    safe: [alone('create index concurrently i on t (body)')],
  },
  {
    what: 'REINDEX',
    refused: ['reindex index t_kind'],
    says: /rebuilds the indexes of "t"/,
    safe: [alone('reindex index concurrently t_kind; reindex table concurrently t')],
  },
  {
    what: 'REINDEX of everything',
    refused: [alone('reindex schema public')],
    says: /rebuilds the indexes of "t"/,
  },
  {
    what: 'VACUUM FULL',
    refused: [alone('vacuum full t')],
    says: /rewrites "t".*Plain VACUUM/s,
    safe: [alone('vacuum (full false) t')],
  },
  { what: 'VACUUM FULL of everything', refused: [alone('vacuum (full)')], says: /rewrites "t"/ },
  { what: 'CLUSTER', refused: [alone('cluster t using t_kind')], says: /rewrites "t"/ },
  {
    what: 'REFRESH MATERIALIZED VIEW',
    setUp:
      'create materialized view v as select * from t; create unique index on v (id); analyze v',
    refused: ['refresh materialized view v'],
    says: /refreshes "v".*CONCURRENTLY/s,
    safe: ['refresh materialized view concurrently v'],
  },
  {
    what: 'LOCK TABLE',
    refused: ['lock table t in share mode'],
    says: /locks "t"/,
    safe: ['lock table t in row exclusive mode'],
  },
  {
    what: 'an UPDATE of every row',
    refused: ['alter table t add column x int', 'update t set x = 1'],
    says: /changes nobody knows how many rows of "t".*`-- banyan: repeat`/s,
    safe: ['alter table t add column x int', fill],
  },
  {
    what: 'an UPDATE of half of the rows',
    refused: ['update t set kind = body where id > 500'],
    says: /changes about 1\d,\d{3} rows of "t"/,
    safe: ['update t set kind = body where id between 5 and 500'],
  },
  {
    what: 'a DELETE of every row',
    refused: ['delete from t'],
    says: /changes about 1\d,\d{3} rows of "t"/,
  },
  {
    what: 'a batch of everything',
    refused: [repeated('update t set kind = null where id in (select id from t limit 1000000)')],
    says: /changes about 1,000,000 rows/,
  },
  {
    what: 'SET UNLOGGED',
    refused: ['alter table t set unlogged'],
    says: /makes it unlogged, which rewrites "t"/,
  },
  {
    what: 'another tablespace or access method',
    refused: ['alter table t set tablespace pg_default', 'alter table t set access method heap'],
    says: /moves it to another tablespace.*changes its access method/s,
  },
  {
    what: 'ATTACH PARTITION',
    setUp: 'create table parts (like t) partition by range (id)',
    refused: ['alter table parts attach partition t for values from (1) to (1000000)'],
    says: /attaches "t" .* to|attaches "t"/,
    safe: [
      'alter table t add constraint t_bounds check (id >= 1 and id < 1000000) not valid',
      'alter table t validate constraint t_bounds',
      'alter table t drop constraint t_pkey; alter table parts attach partition t for values from (1) to (1000000)',
    ].map((sql, at) => (at === 2 ? `-- banyan: contract\n${sql}` : sql)),
  },
  {
    what: 'a constraint of a domain',
    setUp: `create domain word as text; create table w (id int, word word);
      insert into w select i, 'x' from generate_series(1, ${rows}) i; analyze w`,
    refused: ['alter domain word add constraint short check (length(value) < 9)'],
    says: /checks every value of the domain word in "w"/,
    safe: [
      'alter domain word add constraint short check (length(value) < 9) not valid',
      'alter domain word validate constraint short',
    ],
  },
  {
    what: 'a table filled from a big one under its lock',
    refused: ['alter table t add column x int; create table copy as select * from t'],
    says: /goes through "t".*under the lock/s,
    safe: ['alter table t add column x int', 'create table copy as select * from t'],
  },
]

for (const { what, refused, says, setUp, safe } of forms) {
  test(`${what} on a big table is refused with the safe way${safe ? ', which works' : ''} while the app writes`, async () => {
    if (setUp !== undefined) await database.owner.query(setUp)
    writer.reset()
    const error = await apply(refused).then(
      () => assert.fail('nothing was refused'),
      (caught) => caught,
    )
    assert.ok(BanyanError.is(error), String(error?.stack))
    assert.equal(error.code, 'BANYAN_MIGRATION_UNSAFE', error.message)
    assert.match(error.message, says)
    const { rows: recorded } = await database.owner.query('select * from banyan.migrations')
    assert.deepEqual(recorded, [], 'nothing was run')
    if (safe !== undefined) {
      await apply(safe)
      await apply(safe, { phase: 'contract' })
    }
    const written = await writer.stop()
    assert.ok(written.longestMs < longestMs, `somebody waited ${written.longestMs} ms`)
    assert.ok(written.statements > 0)
  })
}

test('a new unique declaration of a big table is refused, and one that holds already is not', async () => {
  const files = ['alter table t add column x int']
  const options = { tables: [sharded('t', 'id', ['body'])] }
  const error = await apply(files, options).then(
    () => assert.fail('nothing was refused'),
    (caught) => caught,
  )
  assert.equal(error.code, 'BANYAN_MIGRATION_UNSAFE')
  assert.match(error.message, /data\.tables\.t: unique \[body\] is new, and every row of "t"/)
  await apply([], { ...options, phase: 'whole' })
  assert.deepEqual((await apply(files, options)).applied, ['0001_step.sql'])
  await apply(files, { phase: 'whole' })
})

test('small tables, new ones and what nobody waits for may do as they like', async () => {
  const { applied } = await apply([
    `alter table small alter column t_id type bigint, add column u uuid default gen_random_uuid();
     create index on small (kind); update small set kind = 'x'; alter table small alter kind set not null;
     alter table small add foreign key (t_id) references small (id)`,
    `create table fresh (id bigserial primary key, body text);
     insert into fresh (body) select body from t; create index on fresh (body);
     alter table fresh alter column id type text using id::text; update fresh set body = 'x'`,
    `alter table t add column a int, add column b int not null default 7, add column c timestamptz default now();
     alter table t alter column a set default 3; comment on table t is 'x'`,
    `create function f() returns trigger language plpgsql as $$ begin return new; end $$;
     create trigger f before insert on t for each row execute function f()`,
    'create view seen as select id from t; create table refers (id int references t)',
  ])
  assert.equal(applied.length, 5)
})

test('where nothing else runs, a big table may be rewritten', async () => {
  await writer.stop()
  const files = ['create index i on t (body); alter table t alter column n type bigint']
  assert.deepEqual((await apply(files, { phase: 'whole' })).applied, ['0001_step.sql'])
})
