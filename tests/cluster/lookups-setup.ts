import { randomBytes } from 'node:crypto'
import type { ShardedTable, Table } from '@banyan/model'
import { prepareDatabase, type Synced, type SyncOptions, syncTables } from '@banyan/postgres'
import type { TestPostgres } from '@banyan/testing'
import pg from 'pg'

export type Prepared = {
  readonly owner: pg.Client
  readonly app: pg.Client
  readonly admin: pg.Client
  /** Another connection, closed with the rest. */
  connect(role: 'owner' | 'app' | 'admin'): Promise<pg.Client>
  close(): Promise<void>
}

/** A database as `up` prepares it, with a connection of each role. */
export async function prepare(postgres: TestPostgres): Promise<Prepared> {
  const clients: pg.Client[] = []
  const database = `lookups_${randomBytes(5).toString('hex')}`
  const open = async (url: URL): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url.href })
    clients.push(client)
    await client.connect()
    return client
  }
  const server = await open(new URL(postgres.adminUrl))
  await prepareDatabase(server, { database, ownerPassword: 'owner', appPassword: 'app' })
  const connect = async (role: 'owner' | 'app' | 'admin') => {
    const url = new URL(postgres.adminUrl)
    url.pathname = `/${database}`
    if (role !== 'admin') [url.username, url.password] = [`banyan_${role}`, role]
    return await open(url)
  }
  return {
    owner: await connect('owner'),
    app: await connect('app'),
    admin: await connect('admin'),
    connect,
    close: async () => {
      await Promise.all(clients.map((client) => client.end()))
    },
  }
}

export const sharded = (name: string, by: string, ...unique: string[][]): ShardedTable => ({
  kind: 'sharded',
  name,
  by,
  unique,
})

/** Runs `syncTables` as migrations do: in a transaction that is rolled back when it throws. */
export async function sync(
  owner: pg.Client,
  tables: readonly Table[],
  options?: SyncOptions,
): Promise<Synced> {
  await owner.query('begin')
  try {
    const synced = await syncTables(owner, tables, options)
    await owner.query('commit')
    return synced
  } catch (error) {
    await owner.query('rollback')
    throw error
  }
}

/** The rows of a lookup as text, in order. */
export async function lookupRows(client: pg.Client, name: string): Promise<string[]> {
  const { rows } = await client.query(`select l::text as row from banyan.${name} l order by 1`)
  return rows.map(({ row }) => row)
}
