import { randomBytes } from 'node:crypto'
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

/** Makes a database, and the two roles where they are missing. One password serves both. */
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
  await makeDatabase(serverUrl, adminUrl, name)
  return {
    name,
    adminUrl,
    ownerUrl: url('banyan_owner', 'owner'),
    appUrl: url('banyan_app', 'app'),
  }
}

async function makeDatabase(serverUrl: string, adminUrl: string, name: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    for (const [role, password] of [
      ['banyan_owner', 'owner'],
      ['banyan_app', 'app'],
    ]) {
      await client.query(`do $$ begin create role ${role} login password '${password}';
        exception when duplicate_object or unique_violation then null; end $$`)
    }
    await client.query(`create database ${name} owner banyan_owner`)
  })
  await withClient(adminUrl, async (client) => {
    await client.query(`alter schema public owner to banyan_owner;
      create schema banyan authorization banyan_owner;
      grant usage on schema public, banyan to banyan_app;
      alter default privileges for role banyan_owner in schema public
        grant select, insert, update, delete on tables to banyan_app;
      alter default privileges for role banyan_owner in schema public
        grant usage, select on sequences to banyan_app;
      alter default privileges for role banyan_owner in schema banyan
        grant select on tables to banyan_app`)
  })
}

async function withClient(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
