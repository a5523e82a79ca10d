import type {
  BalancerName,
  KeyType,
  RuntimeFile,
  RuntimeMember,
  RuntimeShard,
  Service,
  System,
  Topology,
} from '@banyan/model'
import { appRole, ownerRole, wideRole } from '@banyan/postgres'
import type { EventLog } from '../api/events.ts'
import type { UpSettings } from '../api/types.ts'
import { connectionsLeast, connectionsPerProcess } from '../drivers/connections.ts'
import { targetOf } from '../engines/adopted/target.ts'
import type { Binaries } from '../engines/postgres/engine.ts'
import type { EntryRecord } from '../entry/record.ts'
import type { Releases } from '../releases/releases.ts'
import type { RecordStore } from '../shard/record.ts'
import type { StatePaths } from '../state/paths.ts'
import type { Secrets } from '../state/secrets.ts'
import type { Keepers } from '../supervise/keepers.ts'
import { telemetryIn } from '../telemetry/process-telemetry.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Members } from './members.ts'

/** `catalog.json`: what control learned from the database, for the next control. */
export type Learned = {
  readonly keyType: KeyType | null
  /** What the server lets in, all processes together; null until it was asked. */
  readonly connections: number | null
  /** A pooler stands before an adopted server. Absent: none. */
  readonly pooled?: boolean
}

/** Everything that the steps of a climb work with. The fields that change are written by steps, and by a change in `dev`. */
export type Context = {
  readonly paths: StatePaths
  /** As the release says that the climb leads to, or led to last. */
  system: System
  /** The one whose address of an adopted database is known to be right: as `up` or the live release says. */
  reached?: System
  readonly secrets: Secrets
  settings: UpSettings
  binaries: Binaries | null
  readonly events: EventLog
  readonly keepers: Keepers
  readonly releases: Releases
  /** The one that the climb leads to, or led to last. */
  release: string
  /** Its nodes take a first share of the requests before all others become like them. */
  trial: boolean
  /** Its migrations that take something away, and are not applied yet. */
  contracts: readonly string[]
  /** In `dev`, the services whose `build:` this control has run. */
  readonly built: Set<string>
  topology: Topology
  /** Where the climb that goes on, or went on last, leads to. */
  desired: Topology
  /** What that has at the entry. */
  balancer: BalancerName
  entry: EntryRecord
  /** What was decided about the members of the data tier: who takes the writes, and who confirms them. */
  readonly shard: RecordStore
  /** Who decides about them; null where this process keeps nothing running. */
  members: Members | null
  /** Who keeps the store and says what is measured here; null where nothing of that is wanted (`exec`). */
  telemetry: Telemetry | null
  /** Where the console listens; absent or null where there is none. */
  console?: { readonly url: string; freshUrl(): string; close(): void } | null
  /** The admitted nodes that are to finish, while a step waits for them. */
  readonly draining: Set<string>
  /** Everything is being stopped. */
  leaving: boolean
  /** The public sockets, as descriptors of this process: that of HTTP, then those of `settings.tcp`. Empty where nothing is public. */
  readonly publicFds: readonly number[]
  learned: Learned
  /** The release whose migrations this control has seen applied; it believes no file about that. */
  migrated: string | null
}

/** The database is named as the system; SQL wants no hyphens in names. */
export function databaseName(system: System): string {
  return system.name.replaceAll('-', '_')
}

/** A scope sees its own key only; never on a database that is not ours, where nothing is written. */
export function isNarrow({ system, settings }: Pick<Context, 'system' | 'settings'>): boolean {
  return settings.narrow === true && system.data !== null && system.data.url === null
}

/** Without migrations of ours the app makes its tables itself, so it has to own them. */
export function serviceRole(context: Pick<Context, 'system' | 'settings' | 'secrets'>): {
  user: string
  password: string
} {
  const { system, secrets } = context
  if (system.data?.migrations == null) return { user: ownerRole, password: secrets.ownerPassword }
  if (isNarrow(context)) return { user: wideRole, password: secrets.widePassword }
  return { user: appRole, password: secrets.appPassword }
}

/** Where the database servers are, as the topology says. */
export function dataMembers({ topology }: Context): RuntimeMember[] {
  return topology.nodes
    .filter(({ tier }) => tier === 'data')
    .map((node) => ({
      name: node.name,
      host: addressOf(topology, node.host),
      port: node.port,
    }))
}

/** The member that takes the writes; before anything was decided about that, the only one. */
export function primaryMember(context: Context): RuntimeMember | null {
  const members = dataMembers(context)
  const { primary } = context.shard.current
  return members.find(({ name }) => name === primary) ?? members[0] ?? null
}

export function addressOf(topology: Topology, host: string): string {
  return topology.hosts.find(({ name }) => name === host)?.address ?? '127.0.0.1'
}

/** The token of `/-/prove`, where it is offered: never on a database that is not ours. */
function proofOf({ system, settings, secrets }: Context): { proveToken?: string } {
  const isOurs = system.data !== null && system.data.url === null
  return settings.proves === true && isOurs ? { proveToken: secrets.proveToken } : {}
}

type DataAccess = {
  readonly shards: readonly RuntimeShard[]
  /** What services find in `DATABASE_URL`. */
  readonly databaseUrl: string | null
}

const noData: DataAccess = { shards: [], databaseUrl: null }

function dataOf(context: Context): DataAccess {
  return context.system.data?.url == null ? ownData(context) : adoptedData(context)
}

function ownData(context: Context): DataAccess {
  const members = dataMembers(context)
  const database = databaseName(context.system)
  const { user, password } = serviceRole(context)
  const first = primaryMember(context)
  if (first === null) return noData
  return {
    shards: [{ name: 'shard-1', members, database, user, password, ...lagOf(context.system) }],
    databaseUrl: `postgres://${user}:${encodeURIComponent(password)}@${first.host}:${first.port}/${database}`,
  }
}

/** A release that was taken by an earlier version says nothing of it. */
function lagOf({ data }: System): { lagBytesMax?: number } {
  const { lagBytesMax } = (data ?? {}) as Partial<NonNullable<System['data']>>
  return lagBytesMax === undefined ? {} : { lagBytesMax }
}

/** Everything is in the URL, the password too; services get it as it was written. */
function adoptedData({ system, learned }: Context): DataAccess {
  const { url, user, database, members } = targetOf(system)
  const shard: RuntimeShard = {
    name: 'shard-1',
    members: members.map(({ host, port }, at) => ({ name: `db-${at + 1}`, host, port })),
    database,
    user,
    password: '',
    url,
    ...(members.length > 1 && { foreign: true }),
    ...(learned.pooled === true && { pooled: true }),
  }
  return { shards: [shard], databaseUrl: system.data?.url ?? null }
}

const connectionsWithoutServer = 10

/** Reckoned with all the processes that are to be, so that they fit in together when they are there. */
function connectionsMaxOf({ learned, topology, desired, system }: Context): number {
  if (learned.connections === null) return connectionsWithoutServer
  const processes = Math.max(countServices(topology), countServices(desired))
  return connectionsPerProcess(learned.connections, processes, leastOf(system, learned))
}

/** What a process needs at least: an adopted database on one server, or behind a pooler, is not watched. */
export function leastOf(system: System, { pooled }: Pick<Learned, 'pooled'>): number {
  const isAlone = system.data?.url != null && targetOf(system).members.length === 1
  return isAlone || pooled === true ? connectionsLeast.alone : connectionsLeast.watched
}

export const countServices = ({ nodes }: Topology): number =>
  nodes.filter(({ service }) => service !== undefined).length

/** What a service process is told about the system, which is that of its own release. */
export function runtimeOf(
  control: Context,
  system: System,
  node: string,
  service: Service,
): { file: RuntimeFile; databaseUrl: string | null } {
  const context = { ...control, system }
  const { topology, learned } = context
  const { shards, databaseUrl } = topology.nodes.length === 0 ? noData : dataOf(context)
  return {
    file: {
      format: 1,
      system,
      node,
      service: service.name,
      keyType: learned.keyType,
      catalogVersion: topology.version,
      shards,
      connectionsMax: connectionsMaxOf(context),
      controlToken: context.secrets.controlToken,
      sessionSecret: context.secrets.sessionSecret,
      ...(isNarrow(context) ? { narrow: true } : {}),
      ...proofOf(context),
      ...telemetryIn(context, system),
      ...(system.data?.url == null ? {} : { adopted: true }),
    },
    databaseUrl,
  }
}
