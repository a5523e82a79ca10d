import { randomBytes } from 'node:crypto'
import { appRole, ownerRole, prepareDatabase } from '@banyan/postgres'
import pg from 'pg'

export type TestDatabase = {
  readonly name: string
  /** For the superuser. */
  readonly adminUrl: string
  /** For `banyan_owner`, who migrates. */
  readonly ownerUrl: string
  /** For `banyan_app`, who serves. */
  readonly appUrl: string
}

// The roles belong to the server, so every database of it knows the same passwords.
const ownerPassword = 'owner'
const appPassword = 'app'

/** Makes a database as a system gets it, under a name of its own. */
export async function createTestDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const url = (user?: string, password?: string): string => {
    const made = new URL(serverUrl)
    made.pathname = `/${name}`
    if (user !== undefined) made.username = user
    if (password !== undefined) made.password = password
    return made.href
  }
  const adminUrl = url()
  const passwords = { ownerPassword, appPassword }
  await withClient(serverUrl, (admin) => prepareDatabase(admin, { database: name, ...passwords }))
  return {
    name,
    adminUrl,
    ownerUrl: url(ownerRole, ownerPassword),
    appUrl: url(appRole, appPassword),
  }
}

async function withClient(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  // Without a listener, a server that is killed here would end this process.
  client.on('error', () => {})
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
