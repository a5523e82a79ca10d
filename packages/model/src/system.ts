/** What a user writes in `banyan.config.ts`, and what Banyan makes of it. Plain data, no I/O. */

import type { Balance } from './gateway-file.ts'
import type { TelemetryInput, TelemetrySystem } from './telemetry.ts'

/** The type of the system's one key space: every table's `by` column has it. */
export type KeyType = 'uuid' | 'bigint' | 'text'

/** A service as a user writes it. */
export type ServiceInput = {
  /** The command, split into words without a shell: no `&&`, no pipes, no redirection. */
  run: string
  /** A command that runs once per release, before the first node of it starts. */
  build?: string
  /** Path prefixes that this service answers, with or without a host name: `/api`, `api.example.com/`. A service without routes, and without `tcp`, is a worker. */
  routes?: string[]
  /**
   * For other protocols than HTTP, in place of `routes`: a public port of the system, whose connections
   * are passed on, byte for byte, to the processes of this service, which listen on `PORT`.
   */
  tcp?: number
  /** A path that answers 2xx when the service is ready; without it, `serve` or an open port says so. */
  health?: string
  /** Additional environment variables. Strings only. */
  env?: Record<string, string>
  /** How long a node may take from its start until it is ready, in milliseconds. Default 30,000. */
  startTimeoutMs?: number
  /** How long a node may take to finish its requests after SIGTERM, in milliseconds. Default 10,000. */
  stopTimeoutMs?: number
}

/** `'reference'`: copied to every shard. Otherwise sharded by the column `by`. */
export type TableInput = 'reference' | { by: string; unique?: (string | string[])[] }

/** What becomes of commits that too few replicas can confirm: they wait, or they are kept by the primary alone. */
export type Durability = 'required' | 'preferred'

/** Whom a commit waits for, as a user writes it. */
export type SynchronousInput = {
  /** How many replicas have to have a commit on their disk before it is acknowledged. Default 1, at most `replicas`. */
  quorum?: number
  /** Default `required`. */
  durability?: Durability
}

/** The data tier as a user writes it. */
export type DataInput = {
  /** Folder of plain SQL files, relative to the config file. */
  migrations?: string
  /** Every table that takes part in sharding, by its name in the schema `public`. */
  tables?: Record<string, TableInput>
  /** `embedded` (from npm, the default), `distribution` (Debian, PGDG), or a folder with `bin/postgres`'s siblings. */
  postgres?: string
  /** Memory that the database server may count on, in megabytes. Default: a quarter of the machine's, at most 4,096. */
  memoryMb?: number
  /** How many copies of the database `replicated` adds, 1 to 8. Default 2. */
  replicas?: number
  /** What a commit waits for while `replicated` holds. */
  synchronous?: SynchronousInput
  /** A replica that is further behind than so many bytes of WAL answers no read. Default 16,777,216. */
  lagBytesMax?: number
  /**
   * A PostgreSQL 14 to 18 that exists already, `postgres://…`; as a rule `process.env.DATABASE_URL`. It is
   * adopted, not taken over: Banyan runs no server, and writes to this one only when a rung needs it.
   */
  url?: string | undefined
}

/** How requests are shared out among the servers of a service, from the rung `balanced` on. */
export type BalancerInput = {
  /** `round-robin`: in turn. `least-connections`: to the one that has the fewest requests under way. Default `round-robin`. */
  balance?: Balance
  /** Sends a client to the server that answered it before, by a cookie. Default false. */
  sticky?: boolean
  /** How long a server that has come back takes until it gets its whole share, in milliseconds. Default 0. */
  slowStartMs?: number
}

/** The argument of `defineSystem`. */
export type SystemInput = {
  name: string
  services: Record<string, ServiceInput>
  data?: DataInput
  balancer?: BalancerInput
  /** Folder of static files, relative to the config file. */
  assets?: string
  /** The module with the app's own scenario for `banyan prove`, relative to the config file. */
  proof?: string
  /** What is measured, kept and sent on. */
  telemetry?: TelemetryInput
}

/** A service with its command split and its defaults filled in. */
export type Service = {
  readonly name: string
  /** The command in words: `['node', 'src/web.ts']`. */
  readonly run: readonly string[]
  readonly build: readonly string[] | null
  readonly routes: readonly string[]
  /** The public port whose connections are passed on to it as they are. Absent: none. */
  readonly tcp?: number
  readonly health: string | null
  readonly env: Readonly<Record<string, string>>
  readonly startTimeoutMs: number
  readonly stopTimeoutMs: number
}

/** A sharded table: its shard key column, and the values that are unique over the whole system. */
export type ShardedTable = {
  readonly kind: 'sharded'
  readonly name: string
  readonly by: string
  /** Each entry is a list of columns: `[['email'], ['country', 'tax_number']]`. */
  readonly unique: readonly (readonly string[])[]
}

/** A reference table, copied whole to every shard. */
export type ReferenceTable = { readonly kind: 'reference'; readonly name: string }

export type Table = ShardedTable | ReferenceTable

/** The data tier, resolved. */
export type DataSystem = {
  /** Absolute path of the migrations folder, or null. */
  readonly migrations: string | null
  readonly tables: readonly Table[]
  readonly postgres: string
  readonly memoryMb: number | null
  /** How many copies of the database `replicated` adds. */
  readonly replicas: number
  readonly synchronous: { readonly quorum: number; readonly durability: Durability }
  /** A replica that is further behind than so many bytes of WAL answers no read. */
  readonly lagBytesMax: number
  /** Of an adopted database; null for one that Banyan makes. A secret: it may hold a password. */
  readonly url: string | null
}

/** How requests are shared out, resolved. */
export type BalancerSettings = {
  readonly balance: Balance
  readonly sticky: boolean
  readonly slowStartMs: number
}

/** A validated config: frozen, defaults filled in, paths absolute. */
export type System = {
  readonly name: string
  /** Absolute path of the folder that the config file is in; services run there. */
  readonly root: string
  readonly services: readonly Service[]
  readonly data: DataSystem | null
  readonly balancer: BalancerSettings
  /** Absolute path, or null. */
  readonly assets: string | null
  /** Absolute path of the scenario for `banyan prove`, or null. */
  readonly proof: string | null
  /** Absent: an older release's, which has `defaultTelemetry`. */
  readonly telemetry?: TelemetrySystem
}
