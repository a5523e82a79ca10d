import { applyMigrations, readMigrations } from '@banyan/control/migrations'
import { resolveSystem } from '@banyan/model'
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

const conduitFolder = new URL('../../apps/conduit/', import.meta.url).pathname
const system = resolveSystem(conduitFrom('.'), { root: conduitFolder })

export type ConduitDatabase = TestDatabase & {
  /** The file by which a process of the app reaches this database. */
  readonly runtimeFile: string
  remove(): Promise<void>
}

/** A database with Conduit's tables, made as `banyan up` makes it. */
export async function createConduitDatabase(postgres: TestPostgres): Promise<ConduitDatabase> {
  const database = await postgres.createDatabase()
  const { migrations: folder, tables } = system.data as NonNullable<typeof system.data>
  const owner = new pg.Client(database.ownerUrl)
  await owner.connect()
  const migrations = await readMigrations(folder as string)
  const { keyType } = await applyMigrations({ owner, migrations, tables })
  await owner.end()
  const file = await writeRuntimeFile({
    url: database.appUrl,
    tables,
    keyType,
    connectionsMax: 20,
  })
  return { ...database, runtimeFile: file.path, remove: file.remove }
}

/** A database with Conduit's tables and ordinary indexes, as it would be without Banyan. */
export async function createBareDatabase(postgres: TestPostgres): Promise<TestDatabase> {
  const database = await postgres.createDatabase()
  const owner = new pg.Client(database.ownerUrl)
  await owner.connect()
  for (const { sql } of await readMigrations(`${conduitFolder}migrations`)) await owner.query(sql)
  await owner.query(bareIndexes)
  await owner.end()
  return database
}

/**
 * Conduit on Banyan, in this process. Data is one for a process and its close is final, so that a
 * test file starts it once.
 */
export async function startOnBanyan(options: Partial<ConduitOptions> = {}): Promise<
  RunningApp & {
    readonly data: Data
    readonly postgres: TestPostgres
    readonly database: ConduitDatabase
  }
> {
  const postgres = await startPostgres()
  try {
    const database = await createConduitDatabase(postgres)
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
