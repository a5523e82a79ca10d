import type { Duplex } from 'node:stream'
import type pg from 'pg'

/**
 * The parts of node-postgres' client that its types do not name. Its own pool reads the same ones;
 * everything here that is not in the types is read in this file only.
 */
type Internals = {
  ref?(): void
  unref?(): void
  readonly _queryable?: boolean
  readonly _ending?: boolean
  readonly _connected?: boolean
  readonly readyForQuery?: boolean
  readonly pipeline?: boolean
  readonly connection?: { readonly stream?: Duplex }
}

const internals = (client: pg.ClientBase): Internals => client as unknown as Internals

const streamOf = (client: pg.ClientBase): Duplex | undefined => internals(client).connection?.stream

/** Whether a statement given to this client now would reach its socket. */
export function isUsable(client: pg.ClientBase): boolean {
  const { _queryable, _ending } = internals(client)
  return _queryable !== false && _ending !== true && streamOf(client)?.writable !== false
}

/** Whether a statement of this client is still running. */
export const isWorking = (client: pg.ClientBase): boolean =>
  internals(client).readyForQuery === false

/**
 * Whether a client was left inside a transaction. One whose statement is still running is not
 * judged: that statement may be the COMMIT.
 */
export function isLeftInTransaction(client: pg.ClientBase): boolean {
  if (internals(client).readyForQuery !== true) return false
  const status = client.getTransactionStatus?.()
  return status === 'T' || status === 'E'
}

/**
 * Whether the statement that was just answered left a transaction open. In pipeline mode the answer of a
 * later statement may have come already, so that nobody can say.
 */
export function isInTransaction(client: pg.ClientBase): boolean {
  if (internals(client).pipeline === true) return false
  const status = client.getTransactionStatus?.()
  return status === 'T' || status === 'E'
}

/** Keeps the process running for as long as this connection is open, as is the default. */
export const keepAwake = (client: pg.ClientBase): void => internals(client).ref?.()

/** Lets the process end although this connection is open. */
export const letExit = (client: pg.ClientBase): void => internals(client).unref?.()

/** Cuts a connection that is not worth a farewell. */
export function cut(client: pg.ClientBase): void {
  streamOf(client)?.destroy()
}

const farewellMs = 1_000

/** Ends a client, politely where it can hear it, and calls back once its socket is closed. */
export function endClient(client: pg.Client, closed: () => void): void {
  let guard: NodeJS.Timeout | undefined
  const done = (): void => {
    clearTimeout(guard)
    closed()
  }
  client.end(done)
  // A peer that vanished never answers the farewell.
  guard = setTimeout(cut, farewellMs, client)
  guard.unref()
}
