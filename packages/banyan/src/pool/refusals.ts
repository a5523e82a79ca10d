import { BanyanError } from '@banyan/model'

/** Why a request got no connection. */

/** The wording of these is node-postgres' own, which apps match. */
export const ended = (): Error => new Error('Cannot use a pool after calling end on the pool')

export const timedOut = (isConnecting: boolean, cause: unknown): Error =>
  isConnecting
    ? new Error('Connection terminated due to connection timeout', { cause: cause ?? undefined })
    : new Error('timeout exceeded when trying to connect')

/** The server is well, and nobody gave a connection back. */
export function busy(
  target: string,
  count: number,
  waitedMs: number,
  waiting: number,
): BanyanError {
  const rounded = Math.round(waitedMs)
  return new BanyanError(
    'BANYAN_CONNECTIONS_BUSY',
    `All ${count} connections to ${target} stayed busy for ${rounded} ms.`,
    {
      hint: 'Inside a transaction use `tx.sql`, not another scope: it would wait for a connection that the transaction itself holds. Else look for slow statements.',
      details: { target, waitedMs: rounded, waiting },
    },
  )
}

/** The server is away. */
export function unavailable(
  target: string,
  why: string,
  cause: unknown,
  held: number,
  holdMs: number,
): BanyanError {
  const found = cause instanceof Error && cause.message !== '' ? cause.message : codeOf(cause)
  return new BanyanError(
    'BANYAN_DATABASE_UNAVAILABLE',
    `The database ${target} cannot be reached, and ${why}: ${found}`,
    {
      hint: '`banyan status` says how the database node is; its log is shown by `banyan logs`.',
      cause,
      details: { target, retryAfterMs: 1_000, held, holdMs },
    },
  )
}

/** An error of several addresses at once has no message of its own. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'no connection'
}
