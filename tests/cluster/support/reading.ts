import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Table } from '@banyan/model'
import { BanyanError, type Data } from 'banyan'
import { openData } from '../../../packages/banyan/src/data/data.ts'
import type { Consistency } from '../../../packages/banyan/src/data/types.ts'
import type { TestMembers } from './members.ts'

/*
 * Counters that are written and read at the same time: whoever reads one after a write was acknowledged
 * has to see it.
 */

const tables: Table[] = [{ kind: 'sharded', name: 'counters', by: 'id', unique: [] }]
const counters = 16

/** The runtime of an app on the members of a test, as one process of it has it. */
export async function openReading(
  cluster: TestMembers,
  options: { readonly connectionsMax?: number; readonly lagBytesMax?: number } = {},
): Promise<{ readonly data: Data; close(): Promise<void> }> {
  const { connectionsMax = 20, lagBytesMax } = options
  const directory = await mkdtemp(join(tmpdir(), 'banyan-reading-'))
  const path = join(directory, 'system.json')
  const file = cluster.runtimeFile(undefined, { tables, connectionsMax })
  const shards = file.shards.map((shard) => ({
    ...shard,
    ...(lagBytesMax === undefined ? {} : { lagBytesMax }),
  }))
  await writeFile(path, JSON.stringify({ ...file, shards }), { mode: 0o600 })
  const data = openData({ systemFile: () => path })
  return {
    data,
    close: async () => {
      await data.close()
      await rm(directory, { recursive: true })
    },
  }
}

/** The table of the counters, which every member has when this returns. */
export async function makeCounters(cluster: TestMembers): Promise<void> {
  await cluster.query(
    cluster.primary,
    `create table counters (id text primary key, n int not null);
     insert into counters select 'c' || i, 0 from generate_series(0, ${counters - 1}) i;
     grant select, insert, update, delete on counters to banyan_app`,
  )
  for (const { name } of cluster.members) {
    if (name !== cluster.primary) await cluster.untilReplayed(name)
  }
}

export type ReadingOptions = {
  readonly reads: number
  /** Reads at the same time. Default 16. */
  readonly concurrency?: number
  /** Pause of each reader between two reads. Default 0. */
  readonly pauseMs?: number
  /** Pause of the writer between two writes; null: nothing is written. Default 2. */
  readonly writePauseMs?: number | null
  readonly consistency?: Consistency
}

export type ReadingReport = {
  readonly reads: number
  /** Reads that did not see a write that was acknowledged before they began. */
  readonly stale: number
  readonly failed: readonly unknown[]
  readonly writes: number
  /** By member. */
  readonly answers: ReadonlyMap<string, number>
  /** The part that replicas answered, as of now. */
  readonly share: number
  readonly p50Ms: number
  readonly worstMs: number
}

/** Reads and writes counters side by side, and counts what was seen too late. */
export async function readCounters(
  data: Data,
  cluster: TestMembers,
  options: ReadingOptions,
): Promise<ReadingReport> {
  const { reads, concurrency = 16, pauseMs = 0, writePauseMs = 2 } = options
  const { consistency = 'strong' } = options
  const acknowledged = new Map<string, number>()
  const names = new Map(cluster.members.map(({ name, host, port }) => [`${host}:${port}`, name]))
  const answers = new Map<string, number>()
  const failed: unknown[] = []
  const times: number[] = []
  let stale = 0
  let writes = 0
  let left = reads
  let isOver = false

  const write = async (): Promise<void> => {
    while (!isOver && writePauseMs !== null) {
      const id = `c${writes % counters}`
      const n = await data.of(id).write<{
        n: number
      }>`update counters set n = n + 1 where id = ${id} returning n`.then(
        ([row]) => row?.n ?? Number.NaN,
        inDoubt,
      )
      if (n !== null) acknowledged.set(id, n)
      writes += 1
      if (writePauseMs > 0) await pause(writePauseMs)
    }
  }
  const read = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const id = `c${left % counters}`
      const wanted = acknowledged.get(id) ?? 0
      const startMs = performance.now()
      try {
        const [row] = await data.of(id, { consistency }).read<{
          n: number
          at: string
        }>`select n, host(inet_server_addr()) || ':' || inet_server_port() as at
            from counters where id = ${id}`
        if ((row?.n ?? -1) < wanted) stale += 1
        const name = names.get(row?.at ?? '') ?? 'unknown'
        answers.set(name, (answers.get(name) ?? 0) + 1)
      } catch (error) {
        failed.push(error)
      }
      times.push(performance.now() - startMs)
      if (pauseMs > 0) await pause(pauseMs)
    }
  }
  const writing = write()
  await Promise.all(Array.from({ length: concurrency }, read))
  isOver = true
  await writing
  times.sort((a, b) => a - b)
  const onPrimary = answers.get(cluster.primary) ?? 0
  return {
    reads,
    stale,
    failed,
    writes,
    answers,
    share: 1 - (onPrimary + failed.length) / reads,
    p50Ms: times[times.length >> 1] ?? 0,
    worstMs: times.at(-1) ?? 0,
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A write whose server died was acknowledged to nobody. */
function inDoubt(error: unknown): null {
  if (BanyanError.is(error)) return null
  throw error
}
