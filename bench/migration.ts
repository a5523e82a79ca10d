// A million rows get another column, an index and their values in batches, and lose the old column, in two
// releases under the prover. Against the same load without, and during a release of code alone.
// usage: node bench/migration.ts [--rows 1000000] [--rate 300] [--rungs balanced] [--seconds 20] [--batch 1000]
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { findTarget } from '../apps/conduit/src/seed/target.ts'
import { type Proof, proveDuring } from '../tests/cluster/support/climbs.ts'
import { type ReleaseSystem, startReleaseSystem } from '../tests/cluster/support/releases.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '300' },
    rungs: { type: 'string', default: 'balanced' },
    seconds: { type: 'string', default: '20' },
    batch: { type: 'string', default: '1000' },
  },
})
const rows = Number(values.rows)
const seconds = Number(values.seconds)

/**
 * Old nodes know the old column only, new ones the new one: while both run a trigger keeps the two
 * alike, and what was there before is filled in batches.
 */
const expanding = {
  '0002_body.sql': `alter table notes add column body text;
    create function keep_alike() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        new.body = coalesce(new.body, new.legacy);
        new.legacy = new.body;
      elsif new.legacy is distinct from old.legacy then
        new.body = new.legacy;
      elsif new.body is distinct from old.body then
        new.legacy = new.body;
      end if;
      return new;
    end $$;
    create trigger keep_alike before insert or update on notes
      for each row execute function keep_alike()`,
  '0003_indexes.sql': `-- banyan: no-transaction
    create index concurrently notes_unfilled on notes (user_id) where body is null and legacy is not null;
    create index concurrently notes_body on notes (body)`,
  '0004_fill.sql': `-- banyan: repeat
    update notes set body = legacy where user_id in (
      select user_id from notes where body is null and legacy is not null limit ${values.batch})`,
}

/** Runs when the last node that knows the old column is gone. */
const contracting = {
  '0005_contract.sql': `-- banyan: contract
    drop trigger keep_alike on notes;
    drop function keep_alike();
    alter table notes drop column legacy`,
}

async function release(
  { app, release }: ReleaseSystem,
  files: Readonly<Record<string, string>>,
  mood: Parameters<typeof app.become>[0],
): Promise<number> {
  for (const [name, sql] of Object.entries(files)) await app.write(`migrations/${name}`, sql)
  await app.become(mood)
  const report = await release()
  if (report.outcome !== 'done') throw new Error(JSON.stringify(report, null, 2))
  return report.totalMs
}

async function connect({ system }: ReleaseSystem): Promise<pg.Client> {
  const client = new pg.Client(await findTarget(system.state))
  await client.connect()
  return client
}

async function seed(released: ReleaseSystem): Promise<void> {
  const client = await connect(released)
  await client.query(
    `insert into notes (user_id, legacy)
     select 'seeded-' || n, 'what user ' || n || ' wrote down' from generate_series(1, $1::int) n`,
    [rows],
  )
  await client.end()
}

/** What is in the table when everything is done: nothing may be missing of what was filled. */
async function check(released: ReleaseSystem): Promise<number> {
  const client = await connect(released)
  const { rows: found } = await client.query(
    `select count(*)::int as filled from notes
     where user_id like 'seeded-%' and body = 'what user ' || substr(user_id, 8) || ' wrote down'`,
  )
  await client.end()
  return found[0].filled
}

const figuresOf = ({ sent, failed, lost, doubled, staleReads, ...rest }: Proof) => ({
  sent,
  failed: failed.total,
  lost,
  doubled,
  staleReads,
  p50Ms: rest.p50Ms,
  p99Ms: rest.p99Ms,
  longestGapMs: rest.longestGapMs,
})

const released = await startReleaseSystem({ rungs: values.rungs })
try {
  await seed(released)
  const prove = async (work: () => Promise<void>) =>
    figuresOf(await proveDuring(released.system, ['--rate', values.rate], work))
  const without = await prove(async () => await sleep(seconds * 1_000))
  const ms: Record<string, number> = {}
  const code = await prove(async () => {
    ms.code = await release(released, {}, { release: 'second' })
  })
  const migrating = await prove(async () => {
    ms.expanding = await release(released, expanding, { release: 'third' })
    ms.contracting = await release(released, contracting, { release: 'fourth', notes: 'body' })
  })
  const filled = await check(released)
  const ratio = (one: { p99Ms: unknown }, other: { p99Ms: unknown }) =>
    Number((Number(one.p99Ms) / Number(other.p99Ms)).toFixed(2))
  const result = {
    what: `${rows} rows migrated in releases under ${values.rate} requests per second on ${values.rungs}`,
    configuration: { rows, batch: Number(values.batch), rate: Number(values.rate), seconds },
    without,
    code,
    migrating,
    filled,
    releaseMs: ms,
    ratio: { p99: ratio(migrating, without), p99AgainstCode: ratio(migrating, code) },
  }
  console.log(JSON.stringify(result, null, 2))
} finally {
  await released.remove()
}
