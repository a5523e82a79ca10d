// What narrow mode costs: the same statements through a scope, wide and narrow, on one server. Prints JSON.
// usage: node bench/narrow.ts [rounds] [statements per round]
import type { Table } from '@banyan/model'
import { grantNarrow, syncTables } from '@banyan/postgres'
import { startPostgres, writeRuntimeFile } from '@banyan/testing'
import type { Data } from 'banyan'
import pg from 'pg'
import { openData } from '../packages/banyan/src/data/data.ts'
import { interleave } from './lib/interleave.ts'
import { median } from './lib/statistics.ts'

const rounds = Number(process.argv[2] ?? 9)
const statements = Number(process.argv[3] ?? 1_000)
const rows = 10_000

const tables: Table[] = [{ kind: 'sharded', name: 'notes', by: 'user_id', unique: [] }]
const keyOf = (n: number): string => `user-${(n * 7_919) % rows}`

/** One at a time: what one statement waits. */
async function sample(work: (key: string) => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < statements; n += 1) {
    const startMs = performance.now()
    await work(keyOf(n))
    times.push((performance.now() - startMs) * 1_000)
  }
  return median(times)
}

const kinds = (data: Data) => ({
  'read of a row': (key: string) =>
    data.of(key).read`select body from notes where user_id = ${key}`,
  'read of nothing': (key: string) =>
    data.of(`x${key}`).read`select body from notes where user_id = ${`x${key}`}`,
  'update of a row': (key: string) =>
    data.of(key).write`update notes set body = ${key} where user_id = ${key}`,
  'transaction of two reads': (key: string) =>
    data.of(key).transaction(async (tx) => {
      await tx.sql`select body from notes where user_id = ${key}`
      await tx.sql`select user_id from notes where user_id = ${key}`
    }),
})

const postgres = await startPostgres()
try {
  const { ownerUrl, appUrl, adminUrl } = await postgres.createDatabase()
  const owner = new pg.Client({ connectionString: ownerUrl })
  const admin = new pg.Client({ connectionString: adminUrl })
  await Promise.all([owner.connect(), admin.connect()])
  await owner.query('create table notes (user_id text primary key, body text not null)')
  await owner.query(
    `insert into notes select 'user-' || n, 'body' from generate_series(0, $1::int - 1) n`,
    [rows],
  )
  await owner.query('analyze notes; begin')
  await syncTables(owner, tables, { narrow: true })
  await owner.query('commit')
  await grantNarrow(admin, 'wide')
  const url = new URL(appUrl)
  url.username = 'banyan_wide'
  url.password = 'wide'
  const contestants: Record<string, () => Promise<number>> = {}
  const opened: Data[] = []
  for (const narrow of [false, true]) {
    const file = await writeRuntimeFile({ url: url.href, tables, narrow })
    const data = openData({ systemFile: () => file.path })
    opened.push(data)
    for (const [kind, work] of Object.entries(kinds(data))) {
      contestants[`${kind}, ${narrow ? 'narrow' : 'wide'}`] = () => sample(work)
    }
    await data.everywhere({ each: (shard) => shard.read`select 1`, combine: () => null })
    await file.remove()
  }
  await interleave(1, contestants)
  const samples = await interleave(rounds, contestants)
  const medians = Object.entries(samples).map(([name, times]) => [name, Math.round(median(times))])
  await Promise.all([...opened.map((data) => data.close()), owner.end(), admin.end()])
  console.log(
    JSON.stringify({ rounds, statements, p50Micros: Object.fromEntries(medians) }, null, 2),
  )
} finally {
  await postgres.stop()
}
