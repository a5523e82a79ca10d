import type { RuntimeFile } from '@banyan/model'
import pg from 'pg'
import { budgetAt } from '../data/budgets.ts'
import { readSystemFile } from '../data/system-file.ts'
import type { Budget } from '../pool/budget.ts'

/** Where a pool or client connects to that was told nothing, and how much of it there may be. */

/** Options that say which server is meant. */
const naming = ['host', 'port', 'user', 'database', 'connectionString', 'stream'] as const

/**
 * Fills in the server of the process' own system: `DATABASE_URL`, else the file named by
 * `BANYAN_SYSTEM`, else node-postgres' own `PG…` variables. Options that name a server stay as they
 * are.
 */
export function withServer<C extends pg.ClientConfig>(config: C): C {
  if (naming.some((name) => config[name] !== undefined)) return config
  const url = process.env['DATABASE_URL']
  if (url) return extend(config, { connectionString: url })
  const file = systemFile()
  if (file === null) return config
  const [shard] = file.shards
  const [member] = shard?.members ?? []
  if (shard === undefined || member === undefined) return config
  if (shard.url !== undefined) return extend(config, { connectionString: shard.url })
  const { database, user, password } = shard
  return extend(config, { host: member.host, port: member.port, database, user, password })
}

/** A copy: the caller's object is never changed, and a hidden password stays hidden. */
const extend = <C extends pg.ClientConfig>(config: C, server: pg.ClientConfig): C =>
  Object.assign(Object.create(Object.getPrototypeOf(config)), config, server)

function systemFile(): RuntimeFile | null {
  const path = process.env['BANYAN_SYSTEM']
  return path ? readSystemFile(path) : null
}

/** What is known about the server that a config leads to. */
export type Server = { readonly name: string; readonly budget: Budget | null }

export function serverOf(config: pg.ClientConfig): Server {
  const { host, port, database } = new pg.Client(config)
  return { name: `${host}:${port}/${database ?? ''}`, budget: budgetFor(host, port) }
}

/** Connections to a server of the system count together with those of `data`. */
function budgetFor(host: string, port: number): Budget | null {
  const file = systemFile()
  if (file === null) return null
  const members = file.shards.flatMap((shard) => shard.members)
  const ours = members.some((member) => member.host === host && member.port === port)
  return ours ? budgetAt(host, port, file.connectionsMax) : null
}
