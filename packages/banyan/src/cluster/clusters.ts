import type { RuntimeFile, RuntimeShard } from '@banyan/model'
import { readSystemFile } from '../data/system-file.ts'
import { ShardCluster } from './shard-cluster.ts'

type Entry = { readonly cluster: ShardCluster; users: number }

/** One per shard for the whole process, whoever uses it. */
const entries = new Map<string, Entry>()

/** A use of a cluster, which ends once. */
export type ClusterUse = { readonly cluster: ShardCluster; release(): void }

/**
 * The cluster of a shard, for as long as somebody uses it. The path names the file in which the shard was
 * found, and tells the systems of one process apart (in tests).
 */
export function useCluster(path: string, file: RuntimeFile, shard: RuntimeShard): ClusterUse {
  const key = keyOf(path, shard)
  let entry = entries.get(key)
  if (entry === undefined) {
    entry = { cluster: openCluster(path, file, shard), users: 0 }
    entries.set(key, entry)
  }
  const used = entry
  used.users += 1
  let released = false
  return {
    cluster: used.cluster,
    release: () => {
      if (released) return
      released = true
      used.users -= 1
      if (used.users > 0) return
      entries.delete(key)
      used.cluster.close()
    },
  }
}

/** Whether somebody uses the cluster of a shard, so that another use costs nothing. */
export const isFollowed = (path: string, shard: RuntimeShard): boolean =>
  entries.has(keyOf(path, shard))

const keyOf = (path: string, { name, database, user }: RuntimeShard): string =>
  JSON.stringify([path, name, database, user])

function openCluster(path: string, file: RuntimeFile, shard: RuntimeShard): ShardCluster {
  return new ShardCluster({
    shard,
    version: file.catalogVersion,
    reread: () => rereadShard(path, shard.name),
  })
}

/** The file may be gone, or half a system: what is known stays then. */
function rereadShard(
  path: string,
  name: string,
): { readonly shard: RuntimeShard; readonly version: number } | null {
  try {
    const file = readSystemFile(path)
    const shard = file.shards.find((one) => one.name === name)
    return shard === undefined || shard.members.length === 0
      ? null
      : { shard, version: file.catalogVersion }
  } catch {
    return null
  }
}
