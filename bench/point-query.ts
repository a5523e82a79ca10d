// One row by its key: `data.of(key).read`, and banyan's `Pool`, against node-postgres' `Pool`, on one
// server and with the same number of connections. Prints JSON.
// usage: node bench/point-query.ts [rounds] [queries per round]
import type { Table } from '@banyan/model'
import { startPostgres, writeRuntimeFile } from '@banyan/testing'
import { data } from 'banyan'
import { Pool } from 'banyan/pg'
import pg from 'pg'
import { interleave } from './lib/interleave.ts'
import { median, percentile, spread } from './lib/statistics.ts'

const rounds = Number(process.argv[2] ?? 15)
const queries = Number(process.argv[3] ?? 20_000)
const connections = 8
const rows = 10_000

type Query = (key: string) => Promise<readonly { body: string }[]>
type Sample = { readonly cpuMicrosPerQuery: number; readonly p50Micros: number }

const keyOf = (n: number): string => `user-${n}`
const tables: Table[] = [{ kind: 'sharded', name: 'notes', by: 'user_id', unique: [] }]

/** Closed loop: as many queries at a time as there are connections. */
async function sample(query: Query): Promise<Sample> {
  const times = new Float64Array(queries)
  let next = 0
  const work = async (): Promise<void> => {
    while (next < queries) {
      const at = next++
      const key = keyOf((at * 7_919) % rows)
      const startMs = performance.now()
      const [row] = await query(key)
      times[at] = (performance.now() - startMs) * 1_000
      if (row?.body !== `body of ${key}`) throw new Error(`A wrong row for ${key}.`)
    }
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: connections }, work))
  const { user, system } = process.cpuUsage(before)
  return {
    cpuMicrosPerQuery: (user + system) / queries,
    p50Micros: percentile([...times], 0.5),
  }
}

async function prepare(ownerUrl: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl })
  await owner.connect()
  await owner.query('create table notes (user_id text primary key, body text not null)')
  await owner.query(
    `insert into notes select 'user-' || n, 'body of user-' || n from generate_series(0, $1::int - 1) n`,
    [rows],
  )
  await owner.query('analyze notes')
  await owner.end()
}

const figures = (samples: readonly Sample[]) => ({
  cpuMicrosPerQuery: median(samples.map((one) => one.cpuMicrosPerQuery)),
  cpuSpread: spread(samples.map((one) => one.cpuMicrosPerQuery)),
  p50Micros: median(samples.map((one) => one.p50Micros)),
})

/** Of neighbouring rounds, so that a machine that changes its pace is no contestant's loss. */
const ratioOf = (ours: readonly Sample[], theirs: readonly Sample[], name: keyof Sample): number =>
  median(ours.map((one, at) => one[name] / (theirs[at]?.[name] ?? Number.NaN)))

const postgres = await startPostgres()
try {
  const { ownerUrl, appUrl } = await postgres.createDatabase()
  await prepare(ownerUrl)
  const system = await writeRuntimeFile({ url: appUrl, tables, connectionsMax: 3 * connections })
  process.env['BANYAN_SYSTEM'] = system.path
  const raw = new pg.Pool({ connectionString: appUrl, max: connections })
  const pool = new Pool({ connectionString: appUrl, max: connections })
  const text = 'select user_id, body from notes where user_id = $1'
  const contestants = {
    pg: async (key: string) => (await raw.query(text, [key])).rows,
    data: (key: string) =>
      data.of(key).read<{ body: string }>`select user_id, body from notes where user_id = ${key}`,
    pool: async (key: string) => (await pool.query(text, [key])).rows,
  }
  const run = {
    pg: () => sample(contestants.pg),
    data: () => sample(contestants.data),
    pool: () => sample(contestants.pool),
  }
  // The first round compiles the code, and opens the connections.
  await interleave(1, run)
  const samples = await interleave(rounds, run)
  const result = {
    rounds,
    queriesPerRound: queries,
    connections,
    pg: figures(samples.pg),
    data: figures(samples.data),
    pool: figures(samples.pool),
    ratio: {
      cpuMicrosPerQuery: ratioOf(samples.data, samples.pg, 'cpuMicrosPerQuery'),
      p50Micros: ratioOf(samples.data, samples.pg, 'p50Micros'),
    },
    poolRatio: {
      cpuMicrosPerQuery: ratioOf(samples.pool, samples.pg, 'cpuMicrosPerQuery'),
      p50Micros: ratioOf(samples.pool, samples.pg, 'p50Micros'),
    },
  }
  await Promise.all([raw.end(), pool.end(), data.close(), system.remove()])
  console.log(JSON.stringify(result, null, 2))
} finally {
  await postgres.stop()
}
