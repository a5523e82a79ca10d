import type { KeyType, Table } from '@banyan/model'
import { grantNarrow, revokeNarrow, syncTables, wideRole } from '@banyan/postgres'
import { type TestDatabase, type TestPostgres, writeRuntimeFile } from '@banyan/testing'
import type { Data } from 'banyan'
import pg from 'pg'
import { openData } from '../../packages/banyan/src/data/data.ts'

const widePassword = 'wide'

export type NarrowDatabase = TestDatabase & {
  /** What a service is given in narrow mode. */
  readonly wideUrl: string
  readonly owner: pg.Client
  readonly admin: pg.Client
  /** Sessions of the runtime role in narrow mode. */
  readonly pool: pg.Pool
  readonly keyType: KeyType | null
  readonly data: Data
  close(): Promise<void>
}

/** A database with the tables that `schema` makes, in narrow mode, and data that runs in it. */
export async function openNarrow(
  postgres: TestPostgres,
  schema: string,
  tables: readonly Table[],
  { serves = 'wide' }: { serves?: 'wide' | 'owner' } = {},
): Promise<NarrowDatabase> {
  const database = await postgres.createDatabase()
  const owner = await connect(database.ownerUrl)
  const admin = await connect(database.adminUrl)
  await owner.query(schema)
  const keyType = await sync(owner, tables, true)
  if (serves === 'owner') await grantNarrow(admin, null)
  const wideUrl = serves === 'wide' ? await grantWide(database) : database.ownerUrl
  const file = await writeRuntimeFile({ url: wideUrl, tables, keyType, narrow: true })
  const data = openData({ systemFile: () => file.path })
  const pool = new pg.Pool({ connectionString: wideUrl, max: 3 })
  return {
    ...database,
    wideUrl,
    owner,
    admin,
    pool,
    keyType,
    data,
    close: async () => {
      await data.close()
      await pool.end()
      await revokeNarrow(admin)
      await Promise.all([owner.end(), admin.end(), file.remove()])
    },
  }
}

/** Makes the role that services log in as in narrow mode, and says where it gets in. */
export async function grantWide({ adminUrl, appUrl }: TestDatabase): Promise<string> {
  const admin = await connect(adminUrl)
  await grantNarrow(admin, widePassword)
  await admin.end()
  const url = new URL(appUrl)
  url.username = wideRole
  url.password = widePassword
  return url.href
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

export async function sync(
  owner: pg.Client,
  tables: readonly Table[],
  narrow: boolean,
): Promise<KeyType | null> {
  await owner.query('begin')
  try {
    const { keyType } = await syncTables(owner, tables, { narrow })
    await owner.query('commit')
    return keyType
  } catch (error) {
    await owner.query('rollback')
    throw error
  }
}
