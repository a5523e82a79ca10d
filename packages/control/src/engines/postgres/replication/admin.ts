import { adminRole } from '@banyan/postgres'
import pg from 'pg'
import type { MemberPlace } from '../../../shard/member.ts'

/** Where a member listens, and how its superuser gets in. */
export type AdminOptions = {
  readonly place: MemberPlace
  readonly adminPassword: string
  readonly database?: string
}

/** A session that waits for nobody longer than it was given; the caller connects it. */
export function adminClient(options: AdminOptions, timeoutMs: number): pg.Client {
  const { place, adminPassword, database = 'postgres' } = options
  const client = new pg.Client({
    host: place.host,
    port: place.port,
    user: adminRole,
    password: adminPassword,
    database,
    application_name: 'banyan control',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    options:
      '-c synchronous_commit=on -c idle_session_timeout=0 -c default_transaction_read_only=off',
  })
  // Without a listener, a server that dies here would end this process.
  client.on('error', () => {})
  return client
}

/** A session that stands; the caller ends it. */
export async function openAdmin(options: AdminOptions, timeoutMs: number): Promise<pg.Client> {
  const client = adminClient(options, timeoutMs)
  try {
    await client.connect()
    return client
  } catch (error) {
    void client.end().catch(() => {})
    throw error
  }
}

/** Runs `work` in a session of its own. */
export async function asAdmin<Result>(
  options: AdminOptions,
  timeoutMs: number,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await openAdmin(options, timeoutMs)
  try {
    return await work(client)
  } finally {
    // Whose query was not answered is cut off; nobody waits for a server that is gone.
    void client.end().catch(() => {})
  }
}
