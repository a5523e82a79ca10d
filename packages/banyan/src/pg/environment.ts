import { memberUrls, type RuntimeFile, type RuntimeShard } from '@banyan/model'
import type pg from 'pg'
import { urlAt } from '../cluster/member-address.ts'
import { readSystemFile } from '../data/system-file.ts'

/** Where a pool or client connects to that was told nothing. */

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
export const extend = <C extends pg.ClientConfig>(config: C, server: pg.ClientConfig): C =>
  Object.assign(Object.create(Object.getPrototypeOf(config)), config, server)

/** node-postgres cannot read a list of hosts: the first of them stands for all, which are followed. */
const oneOf = (url: string): string => memberUrls(url)[0] ?? url

export type Found = {
  readonly path: string
  readonly file: RuntimeFile
  readonly shard: RuntimeShard
}

/** The shard of the process' own system, as its file says now. */
export function systemShard(): Found | null {
  const path = process.env['BANYAN_SYSTEM']
  if (!path) return null
  const file = readSystemFile(path)
  const [shard] = file.shards
  return shard === undefined ? null : { path, file, shard }
}
