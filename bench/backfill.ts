// What an app's statements wait while a migration fills a column of a million rows in batches, or builds an
// index, against the same load without: in turns on one durable server, so that the machine's moods cancel out.
// usage: node bench/backfill.ts [--rows 1000000] [--rate 300] [--rounds 12] [--seconds 2.5] [--batch 1000]
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { applyMigrations, readMigrations } from '@banyan/control/migrations'
import { BanyanError } from '@banyan/model'
import { startPostgres } from '@banyan/testing'
import pg from 'pg'
import { percentile } from './lib/statistics.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '2.5' },
    batch: { type: 'string', default: '1000' },
  },
})
const rows = Number(values.rows)
const turnMs = Number(values.seconds) * 1_000
const kinds = ['without', 'filling', 'indexing'] as const
/** What was sent `between` two turns may wait for what the one before left behind, and counts for nobody. */
type Kind = (typeof kinds)[number] | 'between'
const betweenMs = 700

const tableSql = `create table t (id bigint primary key, n int not null default 0, old text, body text);
  insert into t (id, old) select i, 'what user ' || i || ' wrote down' from generate_series(1, ${rows}) i;
  create index on t (id) where body is null; analyze t`

const fillSql = `-- banyan: repeat
  update t set body = old where id in (select id from t where body is null limit ${values.batch})`

/** Sends at its rate whatever the answers take, and notes under the kind of the moment how long each took. */
function startLoad(url: string, times: Record<Kind, number[]>, kind: () => Kind) {
  const pool = new pg.Pool({ connectionString: url, max: 16 })
  const faults: string[] = []
  const send = (n: number) => {
    const [began, under] = [performance.now(), kind()]
    const id = 1 + Math.floor(Math.random() * rows)
    const text =
      n % 4 === 0 ? 'update t set n = n + 1 where id = $1' : 'select * from t where id = $1'
    pool.query(text, [id]).then(
      () => times[under].push(performance.now() - began),
      (error: Error) => faults.push(error.message),
    )
  }
  const [began, every] = [performance.now(), 1_000 / Number(values.rate)]
  let sent = 0
  const timer = setInterval(() => {
    for (; sent * every < performance.now() - began; sent += 1) send(sent)
  }, 2)
  return {
    faults,
    end: async () => {
      clearInterval(timer)
      await pool.end()
    },
  }
}

/** Migrates for the length of a turn; what was interrupted goes on in the next. */
async function migrate(owner: pg.Client, sql: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-bench-'))
  await writeFile(join(folder, '1_step.sql'), sql)
  const migrations = await readMigrations(folder)
  await rm(folder, { recursive: true })
  const signal = AbortSignal.timeout(turnMs)
  const ended = applyMigrations({ owner, migrations, tables: [], phase: 'expand', signal })
  await ended.catch((error: unknown) => {
    if (!BanyanError.is(error) || error.code !== 'BANYAN_MIGRATION_CANCELLED') throw error
  })
  await owner.query('delete from banyan.migrations')
}

const postgres = await startPostgres({ durable: true })
try {
  const { ownerUrl, appUrl } = await postgres.createDatabase()
  const owner = new pg.Client({ connectionString: ownerUrl })
  await owner.connect()
  await owner.query(tableSql)
  const times: Record<Kind, number[]> = {
    without: [],
    filling: [],
    indexing: [],
    between: [],
  }
  let kind: Kind = 'without'
  const load = startLoad(appUrl, times, () => kind)
  const settle = async () => {
    kind = 'between'
    await sleep(betweenMs)
  }
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    await settle()
    kind = 'without'
    await sleep(turnMs)
    await settle()
    kind = 'filling'
    await migrate(owner, fillSql)
    await settle()
    kind = 'indexing'
    await migrate(
      owner,
      `-- banyan: no-transaction\ncreate index concurrently i${round} on t (old)`,
    )
    kind = 'between'
    await owner.query(`drop index concurrently if exists i${round}`)
  }
  await load.end()
  const { rows: done } = await owner.query('select count(*)::int as filled from t where body = old')
  const rounded = (number: number) => Number(number.toFixed(2))
  const p99 = (name: Kind) => percentile(times[name], 0.99)
  const figures = Object.fromEntries(
    kinds.map((name) => [
      name,
      {
        statements: times[name].length,
        p50Ms: rounded(percentile(times[name], 0.5)),
        p99Ms: rounded(p99(name)),
      },
    ]),
  )
  const ratio = (name: Kind) => rounded(p99(name) / p99('without'))
  const result = {
    what: `an app's statements at ${values.rate}/s on ${rows} rows while a migration works on them`,
    ...figures,
    filled: done[0].filled,
    failed: load.faults.length,
    ratio: { filling: ratio('filling'), indexing: ratio('indexing') },
  }
  console.log(JSON.stringify(result, null, 2))
  await owner.end()
} finally {
  await postgres.stop()
}
