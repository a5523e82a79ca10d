import type { RuntimeMember, RuntimeShard } from '@banyan/model'
import { ownerRole } from '@banyan/postgres'
import pg from 'pg'
import { type ClusterUse, isFollowed, useCluster } from '../cluster/clusters.ts'
import { urlAt } from '../cluster/member-address.ts'
import { budgetOf } from '../data/budgets.ts'
import type { Place } from '../pool/connections-options.ts'
import { extend, systemShard } from './environment.ts'

/** The server that a config leads to, and the shard that it follows the primary of. */
export type Server = {
  readonly place: Place
  readonly follows: Follows | null
  /** What the process may hold to it in all; null: no limit. */
  readonly connectionsMax: number | null
}

export type Follows = {
  readonly use: ClusterUse
  /** The same config for another member. */
  readonly placeOf: (member: RuntimeMember) => Place
}

/**
 * What is known about the server that a config leads to. Connections to a server of the system count
 * together with those of `data`, and follow its primary.
 *
 * @param following `if it helps`: not for a moment's sake where there is one member only
 */
export function serverOf(
  config: pg.ClientConfig,
  following: 'always' | 'if it helps' = 'always',
): Server {
  const { host, port, database = '', user = '' } = new pg.Client(config)
  const found = systemShard()
  const name = (at: Address): string => `${at.host}:${at.port}/${database}`
  const isHere = (member: Address): boolean => member.host === host && member.port === port
  const isMember = found?.shard.members.some(isHere) === true
  if (found === null || !(isMember || isOfSystem(found.shard, config, database, user))) {
    const place = { config, target: name({ host, port }), budget: null }
    return { place, follows: null, connectionsMax: null }
  }
  const { path, file, shard } = found
  const placeOf = (member: Address): Place => ({
    config: isHere(member) ? config : at(config, shard, member),
    target: name(member),
    budget: budgetOf(shard, member, file.connectionsMax),
  })
  const place = placeOf({ host, port })
  const { connectionsMax } = file
  if (database !== shard.database) return { place, follows: null, connectionsMax }
  const isOnly = isMember && shard.members.length === 1 && !isFollowed(path, shard)
  if (following === 'if it helps' && isOnly) return { place, follows: null, connectionsMax }
  return { place, follows: { use: useCluster(path, file, shard), placeOf }, connectionsMax }
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
