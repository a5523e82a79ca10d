import { withSessionSetting } from '@banyan/model'
import { Client } from 'pg'
import { explain } from './explain.ts'
import { findPrimary } from './members.ts'
import type { Target } from './target.ts'

/** An open session, and whether what is set at its start holds for all of it. */
export type Session = { readonly client: Client; readonly pooled: boolean }

const timeoutMs = 5_000

/** Set at the start of a session to see whether it arrives; it means nothing to anybody. */
const token = 'banyan.asked'

/**
 * Opens a session as the user of the URL. A pooler in transaction mode refuses settings at the start
 * of a session, or drops them: then nothing may rest on them. Of several servers it is the one that
 * takes writes.
 */
export async function connect(list: Target, signal?: AbortSignal): Promise<Session> {
  const target = await findPrimary(list, signal)
  try {
    const client = await open(withSessionSetting(target.url, token, 'yes'), signal)
    return { client, pooled: !(await arrived(client)) }
  } catch (error) {
    if (!isRefusedSetting(error)) throw explain(error, target)
  }
  return { client: await openPlain(target, signal), pooled: true }
}

/** A session with nothing but what the URL says, on the server of it that takes writes. */
export async function openPlain(list: Target, signal?: AbortSignal): Promise<Client> {
  const target = await findPrimary(list, signal)
  return await open(target.url, signal).catch((error) => {
    throw explain(error, target)
  })
}

async function open(connectionString: string, signal: AbortSignal | undefined): Promise<Client> {
  signal?.throwIfAborted()
  const client = new Client({
    connectionString,
    application_name: 'banyan',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    keepAlive: true,
  })
  // Without a listener, a server that dies while nothing is asked would end this process.
  client.on('error', () => {})
  const cut = () => cutOff(client)
  signal?.addEventListener('abort', cut)
  client.once('end', () => signal?.removeEventListener('abort', cut))
  try {
    await client.connect()
  } catch (error) {
    // A handshake that hangs would keep its socket.
    void client.end().catch(() => {})
    throw error
  }
  return client
}

/** Whoever presses Ctrl-C does not wait for a host that is silent. */
function cutOff(client: Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
}

async function arrived(client: Client): Promise<boolean> {
  const { rows } = await client.query(`select current_setting('${token}', true) as said`)
  return rows[0]?.said === 'yes'
}

/** Protocol violation is what PgBouncer calls it; others only say it in words. */
function isRefusedSetting(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return code === '08P01' || /startup parameter/i.test(message ?? '')
}
