import type { RuntimeFile, RuntimeMember, RuntimeShard } from '@banyan/model'
import { ownerRole } from '@banyan/postgres'
import pg from 'pg'
import { type ClusterUse, useCluster } from '../cluster/clusters.ts'
import { urlAt } from '../cluster/member-address.ts'
import { budgetAt } from '../data/budgets.ts'
import { readSystemFile } from '../data/system-file.ts'
import type { Place } from '../pool/connections-options.ts'

/** Where a pool or client connects to that was told nothing, and how much of it there may be. */

/** Options that say which server is meant. */
const naming = ['host', 'port', 'user', 'database', 'connectionString', 'stream'] as const

const namesServer = (config: pg.ClientConfig): boolean =>
  naming.some((name) => config[name] !== undefined)

/**
 * Fills in the server of the process' own system: `DATABASE_URL`, else the file named by
 * `BANYAN_SYSTEM`, else node-postgres' own `PG…` variables. Options that name a server stay as they
 * are.
 */
export function withServer<C extends pg.ClientConfig>(config: C): C {
  const url = process.env['DATABASE_URL']
  if (namesServer(config)) {
    const { connectionString: named } = config
    return named && named === url ? extend(config, { connectionString: oneOf(named) }) : config
  }
  if (url) return extend(config, { connectionString: oneOf(url) })
  const found = systemShard()
  const [member] = found?.shard.members ?? []
  if (found === null || member === undefined) return config
  const { shard } = found
  if (shard.url !== undefined) return extend(config, { connectionString: urlAt(shard, member) })
  const { database, user, password } = shard
  return extend(config, { host: member.host, port: member.port, database, user, password })
}

/** A copy: the caller's object is never changed, and a hidden password stays hidden. */
const extend = <C extends pg.ClientConfig>(config: C, server: pg.ClientConfig): C =>
  Object.assign(Object.create(Object.getPrototypeOf(config)), config, server)

/** node-postgres cannot read a list of hosts: the first of them stands for all, which are followed. */
function oneOf(url: string): string {
  const shard = systemShard()?.shard
  const [member] = shard?.members ?? []
  return shard?.url === url && member !== undefined ? urlAt(shard, member) : url
}

type Found = { readonly path: string; readonly file: RuntimeFile; readonly shard: RuntimeShard }

function systemShard(): Found | null {
  const path = process.env['BANYAN_SYSTEM']
  if (!path) return null
  const file = readSystemFile(path)
  const [shard] = file.shards
  return shard === undefined ? null : { path, file, shard }
}

/** The server that a config leads to, and the shard that it follows the primary of. */
export type Server = { readonly place: Place; readonly follows: Follows | null }

export type Follows = {
  readonly use: ClusterUse
  /** The same config for another member. */
  readonly placeOf: (member: RuntimeMember) => Place
}

/**
 * What is known about the server that a config leads to. Connections to a server of the system count
 * together with those of `data`, and follow its primary.
 */
export function serverOf(config: pg.ClientConfig): Server {
  const { host, port, database = '', user = '' } = new pg.Client(config)
  const found = systemShard()
  const name = (at: Address): string => `${at.host}:${at.port}/${database}`
  const isHere = (member: Address): boolean => member.host === host && member.port === port
  const isMember = found?.shard.members.some(isHere) === true
  if (found === null || !(isMember || isOfSystem(found.shard, config, database, user))) {
    return { place: { config, target: name({ host, port }), budget: null }, follows: null }
  }
  const { path, file, shard } = found
  const placeOf = (member: Address): Place => ({
    config: isHere(member) ? config : at(config, shard, member),
    target: name(member),
    budget: budgetAt(member.host, member.port, file.connectionsMax),
  })
  const place = placeOf({ host, port })
  if (database !== shard.database) return { place, follows: null }
  return { place, follows: { use: useCluster(path, file, shard), placeOf } }
}

type Address = { readonly host: string; readonly port: number }

/**
 * Whether a server that is no member was one when the process was started: its environment stays as it
 * was then.
 */
const isOfSystem = (
  shard: RuntimeShard,
  { connectionString }: pg.ClientConfig,
  database: string,
  user: string,
): boolean =>
  connectionString !== undefined &&
  connectionString === process.env['DATABASE_URL'] &&
  database === shard.database &&
  (user === shard.user || user === ownerRole)

/** The same user and database, on another member. */
function at(config: pg.ClientConfig, shard: RuntimeShard, member: Address): pg.ClientConfig {
  const { connectionString: url } = config
  if (url === undefined) return extend(config, { host: member.host, port: member.port })
  return extend(config, { connectionString: urlAt({ ...shard, url }, member, true) })
}
