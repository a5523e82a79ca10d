import { adminRole, quoteName } from '@banyan/postgres'
import { Client } from 'pg'

/** A name that no system can have, so that nothing else is ever dropped. */
const pattern = /^[a-z][a-z0-9_]*_fresh_[0-9a-f]{8}$/

export type Server = {
  readonly host: string
  readonly port: number
  readonly adminPassword: string
}

/** Drops a database of `exec --fresh`, whoever is still connected; false where that cannot be done now. */
export async function dropFresh(server: Server | null, name: string): Promise<boolean> {
  if (!pattern.test(name)) return true
  if (server === null) return false
  const client = new Client({
    host: server.host,
    port: server.port,
    user: adminRole,
    password: server.adminPassword,
    database: 'postgres',
    application_name: 'banyan exec',
    connectionTimeoutMillis: 5_000,
  })
  // Without a listener, a server that dies while nothing is asked would end this process.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(`drop database if exists ${quoteName(name)} with (force)`)
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}
