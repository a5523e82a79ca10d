// COPY of 100,000 users: with a plain unique index on the email, with the lookup that `unique` makes,
// with neither, and with a statement trigger over a transition table, the other way to keep a
// lookup. Prints JSON.
// usage: node bench/copy-unique.ts [rounds] [rows]
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { ShardedTable } from '@banyan/model'
import { syncTables } from '@banyan/postgres'
import { startPostgres } from '@banyan/testing'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { interleave } from './lib/interleave.ts'
import { median, spread } from './lib/statistics.ts'

const rounds = Number(process.argv[2] ?? 7)
const rows = Number(process.argv[3] ?? 100_000)

const tables: ShardedTable[] = ['lookup', 'statement'].map((name) => ({
  kind: 'sharded',
  name,
  by: 'id',
  unique: [['email']],
}))

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Ids in the order of their birth, as UUIDv7 gives them; emails in none. */
const users = Buffer.from(
  Array.from({ length: rows }, (_, n) => {
    const hash = hashOf(String(n))
    const id = `018f3c5e${n.toString(16).padStart(8, '0')}${hash.slice(0, 16)}`
    return `${id}\t${hash.slice(16, 28)}@example.com\tuser ${n}\n`
  }).join(''),
)

/** What a statement trigger would be; only INSERT is measured, so that only it is here. */
const statementTrigger = `
  drop trigger "1_banyan_email_insert" on statement;
  create function banyan.take_statement() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  declare
    taken bigint;
    given bigint;
  begin
    insert into banyan.unique_statement_email (email, id)
      select email, id from given_rows where email is not null on conflict do nothing;
    get diagnostics taken = row_count;
    select count(email) into given from given_rows;
    if taken < given then raise unique_violation; end if;
    return null;
  end $$;
  create trigger "1_banyan_email_insert" after insert on statement
    referencing new table as given_rows for each statement execute function banyan.take_statement();`

async function prepare(owner: pg.Client): Promise<void> {
  for (const name of ['neither', 'index', 'lookup', 'statement']) {
    await owner.query(`create table ${name} (id uuid primary key, email text, name text not null)`)
  }
  await owner.query('create unique index on index (email); begin')
  await syncTables(owner, tables)
  await owner.query(`commit; ${statementTrigger}`)
}

async function sample(owner: pg.Client, admin: pg.Client, table: string): Promise<number> {
  await owner.query(`truncate ${table}`)
  await admin.query('checkpoint')
  const startMs = performance.now()
  const stream = owner.query(copyFrom(`copy ${table} (id, email, name) from stdin`))
  stream.end(users)
  await once(stream, 'finish')
  const ms = performance.now() - startMs
  await check(owner, table)
  return ms
}

/** A lookup that was not filled would be the fastest of all. */
async function check(owner: pg.Client, table: string): Promise<void> {
  const counted =
    table === 'lookup' || table === 'statement' ? `banyan.unique_${table}_email` : table
  const { rows: found } = await owner.query(`select count(*)::int as count from ${counted}`)
  if (found[0].count !== rows) throw new Error(`${counted} has ${found[0].count} rows`)
}

const postgres = await startPostgres({ durable: true })
try {
  const database = await postgres.createDatabase()
  const owner = new pg.Client(database.ownerUrl)
  const admin = new pg.Client(database.adminUrl)
  await Promise.all([owner.connect(), admin.connect()])
  await prepare(owner)
  const contestants = {
    neither: () => sample(owner, admin, 'neither'),
    index: () => sample(owner, admin, 'index'),
    lookup: () => sample(owner, admin, 'lookup'),
    statement: () => sample(owner, admin, 'statement'),
  }
  await interleave(1, contestants)
  const samples = await interleave(rounds, contestants)
  type Name = keyof typeof samples
  const of = (name: Name) => ({
    ms: Math.round(median(samples[name])),
    spreadMs: Math.round(spread(samples[name])),
    microsPerRow: Number(((median(samples[name]) * 1000) / rows).toFixed(2)),
  })
  // Of each round its own ratio: what disturbs a round disturbs both sides of it.
  const ratio = (name: Name): number =>
    Number(median(samples[name].map((ms, n) => ms / (samples.index[n] ?? ms))).toFixed(2))
  const result = {
    rows,
    rounds,
    neither: of('neither'),
    index: of('index'),
    lookup: of('lookup'),
    statement: of('statement'),
    ratio: { ms: ratio('lookup'), neither: ratio('neither'), statement: ratio('statement') },
  }
  console.log(JSON.stringify(result, null, 2))
  await Promise.all([owner.end(), admin.end()])
} finally {
  await postgres.stop()
}
