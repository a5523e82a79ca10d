import type { ShardCluster } from '../cluster/shard-cluster.ts'
import type { Patience } from '../data/shard.ts'
import { ShardReads } from './shard-reads.ts'

type Entry = { readonly reads: ShardReads; users: number }

const entries = new Map<ShardCluster, Entry>()

/** A use of the reads of a cluster, which ends once. */
export type ReadsUse = { readonly reads: ShardReads; release(): Promise<void> }

/** One for each cluster of this process, whoever reads: samples are shared, and so are connections. */
export function useReads(
  cluster: ShardCluster,
  connectionsMax: number,
  patience: Patience,
): ReadsUse {
  const known = entries.get(cluster)
  const entry = known ?? { reads: new ShardReads(cluster, connectionsMax, patience), users: 0 }
  if (known === undefined) entries.set(cluster, entry)
  entry.users += 1
  let released = false
  return {
    reads: entry.reads,
    release: async () => {
      if (released) return
      released = true
      entry.users -= 1
      if (entry.users > 0) return
      entries.delete(cluster)
      await entry.reads.close()
    },
  }
}
