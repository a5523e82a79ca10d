import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RuntimeFile } from '@banyan/model'
import type { Data } from 'banyan'
import { openData } from '../../../packages/banyan/src/data/data.ts'
import { holdDefault } from '../../../packages/banyan/src/data/shard.ts'
import type { TestMembers } from './members.ts'

/** The data runtime on a small cluster, with the file that it would get from control. */
export type ClusterData = {
  readonly data: Data
  readonly path: string
  rewrite(file: RuntimeFile): Promise<void>
  close(): Promise<void>
}

export async function openClusterData(
  cluster: TestMembers,
  names?: readonly string[],
  connectionsMax = 10,
  { foreign = false, holdMs = holdDefault.timeMs } = {},
): Promise<ClusterData> {
  const directory = await mkdtemp(join(tmpdir(), 'banyan-cluster-data-'))
  const path = join(directory, 'system.json')
  const rewrite = (file: RuntimeFile): Promise<void> =>
    writeFile(path, JSON.stringify(file), { mode: 0o600 })
  const file = cluster.runtimeFile(names, { connectionsMax })
  await rewrite({ ...file, shards: file.shards.map((shard) => ({ ...shard, foreign })) })
  const data = openData({ systemFile: () => path, hold: { ...holdDefault, timeMs: holdMs } })
  return {
    data,
    path,
    rewrite,
    close: async () => {
      await data.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** A table whose rows say who took them. */
export async function makeNotes(cluster: TestMembers): Promise<void> {
  await cluster.query(
    cluster.primary,
    `create table notes (id text primary key, port int default inet_server_port(),
       host text default host(inet_server_addr()));
     grant all on notes to banyan_app`,
  )
}

/** Writers that go on until they are told to end, and remember what they were told. */
export function keepWriting(data: Data, count: number) {
  const acknowledged: string[] = []
  const failures: unknown[] = []
  let [going, longestMs, lastAt] = [true, 0, performance.now()]
  const writers = Array.from({ length: count }, async (_, writer) => {
    for (let number = 0; going; number += 1) {
      const id = `${writer}-${number}-${Math.random()}`
      try {
        await data.of(id).write`insert into notes (id) values (${id})`
        acknowledged.push(id)
      } catch (error) {
        failures.push(error)
      }
      const now = performance.now()
      longestMs = Math.max(longestMs, now - lastAt)
      lastAt = now
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
  })
  return {
    acknowledged,
    failures,
    /** Forgets the pauses until now. */
    mark: () => {
      longestMs = 0
    },
    /** The longest time in which nobody was answered. */
    get longestMs() {
      return longestMs
    },
    end: async () => {
      going = false
      await Promise.all(writers)
    },
  }
}

/** How many of these are not there. */
export async function countMissing(cluster: TestMembers, ids: readonly string[]): Promise<number> {
  const sql = `select count(*)::int from unnest($1::text[]) as wanted (id)
    where not exists (select from notes where notes.id = wanted.id)`
  return Number(await cluster.value(cluster.primary, sql, [ids]))
}
