import { after, before, describe } from 'node:test'
import type { Table } from '@banyan/model'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { kyselyTests } from './narrow-promises/kysely.ts'
import { raceTests } from './narrow-promises/races.ts'
import { statementTests } from './narrow-promises/statements.ts'
import { surroundingTests } from './narrow-promises/surroundings.ts'
import { transactionTests } from './narrow-promises/transactions.ts'
import { type NarrowDatabase, openNarrow } from './narrow-setup.ts'

const tables: Table[] = [
  { kind: 'sharded', name: 'users', by: 'id', unique: [['email']] },
  { kind: 'sharded', name: 'notes', by: 'user_id', unique: [] },
  { kind: 'sharded', name: 'visits', by: 'user_id', unique: [] },
  { kind: 'reference', name: 'plans' },
]

const schema = `
  create table users (id text primary key, email text not null, name text not null default '');
  create table notes (user_id text not null references users (id) on delete cascade,
    id bigint generated always as identity, body text not null, other_id text references users (id),
    primary key (user_id, id));
  create table visits (user_id text not null, day date not null, count int not null default 1,
    primary key (user_id, day)) partition by range (day);
  create table visits_old partition of visits for values from (minvalue) to ('2026-01-01');
  create table visits_new partition of visits for values from ('2026-01-01') to (maxvalue);
  create table plans (name text primary key);
  insert into plans values ('free');
  create sequence numbers;
  grant usage on sequence numbers to public;
  create view all_notes as select * from notes;
  create view own_notes with (security_invoker = true) as select * from notes;
  create procedure tidy() language plpgsql as $$ begin commit; end $$;`

/** Everything that narrow mode promises to an app whose tables Banyan migrates. */
export function narrowSuite(name: string, binaries: string): void {
  describe(`narrow mode on ${name}`, () => {
    let postgres: TestPostgres
    let database: NarrowDatabase

    before(async () => {
      postgres = await startPostgres({ binaries })
      database = await openNarrow(postgres, schema, tables)
      const { data } = database
      for (const id of ['ann', 'bob']) {
        await data.of(id).write`insert into users (id, email) values (${id}, ${`${id}@x.org`})`
        await data.of(id).write`insert into notes (user_id, body) values (${id}, ${`of ${id}`})`
        await data.of(id).write`insert into visits (user_id, day) values (${id}, '2026-02-02')`
      }
    })
    after(async () => {
      await database?.close()
      await postgres?.stop()
    })

    const get = () => database
    statementTests(get)
    transactionTests(get)
    surroundingTests(get)
    raceTests(get)
    kyselyTests(get)
  })
}
