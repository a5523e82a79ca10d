import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { resolveSystem } from '@banyan/model'
import { syncTables } from '@banyan/postgres'
import {
  startPostgres,
  type TestDatabase,
  type TestPostgres,
  writeRuntimeFile,
} from '@banyan/testing'
import pg from 'pg'
import { buildApp, type ConduitOptions } from '../../apps/conduit/src/app.ts'
import type { Data } from '../../apps/conduit/src/store/data.ts'
import type { RunningApp } from '../../apps/conduit/src/testing/api-suite.ts'
import { conduitFrom } from '../../apps/conduit/system.ts'
import { bareData, bareIndexes, barePool } from '../../bench/conduit-bare.ts'
import { grantWide } from './narrow-setup.ts'

const conduitFolder = new URL('../../apps/conduit/', import.meta.url).pathname
const system = resolveSystem(conduitFrom('.'), { root: conduitFolder })

export type ConduitDatabase = TestDatabase & {
  /** The file by which a process of the app reaches this database. */
  readonly runtimeFile: string
  remove(): Promise<void>
}

/** Conduit's migrations, in order, and what is to follow, in one transaction of the owner. */
async function migrate<T>(
  { ownerUrl }: TestDatabase,
  follow: (owner: pg.Client) => Promise<T>,
): Promise<T> {
  const folder = join(conduitFolder, 'migrations')
  const owner = new pg.Client(ownerUrl)
  await owner.connect()
  try {
    await owner.query('begin')
    for (const name of (await readdir(folder)).sort()) {
      await owner.query(await readFile(join(folder, name), 'utf8'))
    }
    const result = await follow(owner)
    await owner.query('commit')
    return result
  } finally {
    await owner.end()
  }
}

/** A database with Conduit's tables and what Banyan adds to them. */
export async function createConduitDatabase(
  postgres: TestPostgres,
  { narrow = false } = {},
): Promise<ConduitDatabase> {
  const database = await postgres.createDatabase()
  const tables = system.data?.tables ?? []
  const { keyType } = await migrate(database, (owner) => syncTables(owner, tables, { narrow }))
  const { path, remove } = await writeRuntimeFile({
    url: narrow ? await grantWide(database) : database.appUrl,
    tables,
    keyType,
    connectionsMax: 20,
    narrow,
  })
  return { ...database, runtimeFile: path, remove }
}

/** A database with Conduit's tables and ordinary indexes, as it would be without Banyan. */
export async function createBareDatabase(postgres: TestPostgres): Promise<TestDatabase> {
  const database = await postgres.createDatabase()
  await migrate(database, (owner) => owner.query(bareIndexes))
  return database
}

/**
 * Conduit on Banyan, in this process. Data is one for a process and its close is final, so that a
 * test file starts it once.
 */
export async function startOnBanyan({
  narrow = false,
  ...options
}: Partial<ConduitOptions> & { readonly narrow?: boolean } = {}): Promise<
  RunningApp & {
    readonly data: Data
    readonly postgres: TestPostgres
    readonly database: ConduitDatabase
  }
> {
  const postgres = await startPostgres()
  try {
    const database = await createConduitDatabase(postgres, { narrow })
    process.env.BANYAN_SYSTEM = database.runtimeFile
    const { data } = await import('banyan')
    const app = buildApp({ data, ...options })
    const stop = async () => {
      await app.close()
      await data.close()
      await database.remove()
      await postgres.stop()
    }
    return { app, data, postgres, database, stop }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

/** Conduit on plain pools, each a database of its own that stands for a shard. */
export async function startOnBare(shards: number): Promise<RunningApp> {
  const postgres = await startPostgres()
  const pools: pg.Pool[] = []
  const stop = async () => {
    await Promise.all(pools.map((pool) => pool.end()))
    await postgres.stop()
  }
  try {
    for (let shard = 0; shard < shards; shard++) {
      const { appUrl } = await createBareDatabase(postgres)
      pools.push(barePool(appUrl, 5))
    }
    const app = buildApp({ data: bareData(pools) })
    return { app, stop: () => app.close().then(stop) }
  } catch (error) {
    await stop()
    throw error
  }
}
