import type { KeyType, System } from './system.ts'
import type { ProcessTelemetry } from './telemetry.ts'

/** Where and how many: every node of every tier. Plain data with a version. */

export type Tier = 'entry' | 'web' | 'worker' | 'cache' | 'data' | 'queue' | 'telemetry'

/** The engines that exist so far; each is one folder of `packages/control/src/engines`. */
export type EngineName = 'postgres' | 'process' | BalancerName | ObserverName

/** What can stand at the entry, in front of service processes. */
export type BalancerName = 'gateway' | 'haproxy'

/** What watches the others, on the rung `observed`. */
export type ObserverName = 'prometheus' | 'alertmanager'

export type Size = { readonly cpus: number; readonly memoryMb: number }

/**
 * A machine of a site. `local`: this machine, each host a loopback address of its own. `adopted`:
 * wherever a server is that somebody else runs; a name, an address, or the folder of its socket.
 */
export type Host = {
  readonly name: string
  readonly site: 'local' | 'adopted'
  readonly region: string
  readonly zone: string
  readonly address: string
}

/** One running thing. */
export type Node = {
  readonly name: string
  readonly tier: Tier
  readonly engine: EngineName
  readonly host: string
  /** Where it listens on its host's address, for us and for the nodes of the system; 0: nowhere. */
  readonly port: number
  readonly size: Size
  /** It accepts from the system's public socket: the web process itself, or the gateway. */
  readonly entry?: true
  /** The service that a `process` node runs. */
  readonly service?: string
  /** The shard that a data node belongs to. */
  readonly shard?: string
  /** Somebody else runs it: it is watched and asked, never made, started, stopped or deleted. */
  readonly adopted?: true
}

export type Topology = {
  readonly version: number
  readonly rungs: readonly string[]
  readonly hosts: readonly Host[]
  readonly nodes: readonly Node[]
}

export type NodeHealth = 'healthy' | 'starting' | 'draining' | 'failed' | 'stopped'

/**
 * The file named by `BANYAN_SYSTEM`, which every service process reads at its start (mode 0600):
 * the resolved system and the last good copy of the catalog.
 */
export type RuntimeFile = {
  readonly format: 1
  readonly system: System
  /** This process: its node and service. */
  readonly node: string
  readonly service: string
  /** Null until a sharded table is declared. */
  readonly keyType: KeyType | null
  readonly catalogVersion: number
  readonly shards: readonly RuntimeShard[]
  /** Most connections that this process may hold to one server. */
  readonly connectionsMax: number
  /** Narrow mode: a scope sees its own key only, held by row-level security. Absent: off. */
  readonly narrow?: boolean
  /** The password of `/-/control`, where a process tells control what it has answered. Absent: not told. */
  readonly controlToken?: string
  /** What the positions of a client's own writes are signed with. Absent: no client gets one. */
  readonly sessionSecret?: string
  /** The password of `/-/prove`, which `serve` offers to whoever has it. Absent: not offered. */
  readonly proveToken?: string
  /** The database is adopted: nothing of ours is in it, no lookups, no fence. Absent: it is ours. */
  readonly adopted?: boolean
  /** Absent: nothing is measured. */
  readonly telemetry?: ProcessTelemetry
}

/** A server that has a copy of a shard's data, or may have had one when this was written. */
export type RuntimeMember = { readonly name: string; readonly host: string; readonly port: number }

/** A shard as a service process sees it: members, not roles; roles are asked of the servers. */
export type RuntimeShard = {
  readonly name: string
  readonly members: readonly RuntimeMember[]
  readonly database: string
  readonly user: string
  readonly password: string
  /** Of an adopted server: how it is connected to, TLS and all. It wins over the other fields. */
  readonly url?: string
  /** A pooler stands before the server: what is set for a session does not hold. Absent: none. */
  readonly pooled?: boolean
  /** PostgreSQL's own name for the cluster; a server of another one is no member. Absent: that of the first one asked. */
  readonly systemIdentifier?: string
  /** Somebody else promotes its members (Patroni, CloudNativePG): the timeline stands in for the term. Absent: we do. */
  readonly foreign?: boolean
  /** A replica that is further behind than this many bytes of WAL answers no read. Absent: 16 MiB. */
  readonly lagBytesMax?: number
}
