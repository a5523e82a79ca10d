import { Client, type ClientConfig } from 'pg'

/**
 * Runs a query that an abort cancels in the server, over a second connection, as the first one is
 * busy. Returns when the server has said how the query ended, so that no cancel arrives later and
 * hits the next one.
 */
export async function cancellable<Result>(
  client: Client,
  signal: AbortSignal | undefined,
  query: () => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted()
  let cancelling: Promise<void> | undefined
  const onAbort = () => {
    cancelling = cancel(client)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await query()
  } finally {
    signal?.removeEventListener('abort', onAbort)
    await cancelling
  }
}

/** Where a client is connected, and as whom: enough for another connection of its kind. */
export function placeOf({ host, port, user, password, database, ssl }: Client): ClientConfig {
  return {
    host,
    port,
    ssl,
    ...(user === undefined ? {} : { user }),
    ...(database === undefined ? {} : { database }),
    ...(password == null ? {} : { password }),
  }
}

/** A server that cannot be reached has lost the query as well. */
async function cancel(client: Client & { processID?: number | null }): Promise<void> {
  const other = new Client({ ...placeOf(client), connectionTimeoutMillis: 5000 })
  other.on('error', () => {})
  try {
    await other.connect()
    await other.query('select pg_cancel_backend($1)', [client.processID])
  } catch {
    // The query ends by itself or with its connection.
  } finally {
    await other.end().catch(() => {})
  }
}
