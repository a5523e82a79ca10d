import {
  BanyanError,
  type KeyType,
  type RuntimeFile,
  type RuntimeShard,
  type ShardedTable,
} from '@banyan/model'
import { type ClusterUse, useCluster } from '../cluster/clusters.ts'
import { type Patience, Shard } from './shard.ts'

/** What this process knows of the system's data tier, and its pools. */
export class SystemRuntime {
  readonly file: RuntimeFile
  readonly shards: readonly Shard[]
  /** The tables whose rows a scope sees those of its own key of; null: narrow mode is off. */
  readonly narrowed: readonly ShardedTable[] | null
  readonly #uses: readonly ClusterUse[]

  /** The path is that of the file, which is read again when no server answers. */
  constructor(path: string, file: RuntimeFile, patience: Patience) {
    this.file = file
    this.narrowed = file.narrow === true ? shardedOf(file) : null
    this.#uses = supported(file).map((shard) => useCluster(path, file, shard))
    this.shards = this.#uses.map(({ cluster }) => new Shard(cluster, file.connectionsMax, patience))
  }

  /** The shard that owns a key. On one shard it owns them all. */
  get shard(): Shard {
    return this.shards[0] as Shard
  }

  get keyType(): KeyType {
    const { keyType } = this.file
    if (keyType !== null) return keyType
    throw noKeyType(shardedOf(this.file))
  }

  async close(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.close()))
    for (const use of this.#uses) use.release()
  }
}

const shardedOf = ({ system }: RuntimeFile): readonly ShardedTable[] =>
  (system.data?.tables ?? []).filter((table) => table.kind === 'sharded')

/** The type of a key is that of the tables' columns, so that some table has to exist. */
function noKeyType(declared: readonly ShardedTable[]): BanyanError {
  if (declared.length === 0) {
    return new BanyanError('BANYAN_NO_DATABASE', 'The system declares no table with a shard key.', {
      hint: "Declare one in banyan.config.ts: data: { tables: { users: { by: 'id' } } }",
    })
  }
  return new BanyanError(
    'BANYAN_NO_DATABASE',
    `When the system was started none of its sharded tables existed: ${declared.map(({ name }) => name).join(', ')}.`,
    { hint: 'The app makes them itself: once they are there, start the system again.' },
  )
}

/** This version knows one shard; more would need routing that it does not have. */
function supported({ shards }: RuntimeFile): readonly RuntimeShard[] {
  const [shard, ...others] = shards
  if (shard === undefined) {
    throw new BanyanError('BANYAN_NO_DATABASE', 'The system has no data tier.', {
      hint: "Declare one in banyan.config.ts: data: { migrations: './migrations', tables: { … } }",
    })
  }
  if (others.length > 0) {
    throw new BanyanError(
      'BANYAN_SYSTEM_FILE_NEWER',
      `The system has ${shards.length} shards; this version of banyan reaches one.`,
      { hint: 'Update the package `banyan` of the app: npm install banyan@latest' },
    )
  }
  if (shard.members.length > 0) return shards
  throw new BanyanError(
    'BANYAN_SYSTEM_FILE_INVALID',
    `The file named by BANYAN_SYSTEM lists no member of the shard ${shard.name}.`,
    { hint: 'It is written by `banyan up`; start the system again.' },
  )
}
