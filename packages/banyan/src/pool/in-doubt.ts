import { BanyanError } from '@banyan/model'
import type pg from 'pg'

/** A commit whose wait for a replica was called off. */

/** Where in PostgreSQL the warning comes from: its words may be of any language. */
const routine = 'SyncRepWaitForLSN'
const words = /^cancell?ing (?:the )?wait for synchronous replication/

type Notice = { readonly routine?: string | undefined; readonly message?: string | undefined }

/** The statement that a client is busy with: node-postgres' own, which its types do not name. */
type Working = { readonly _activeQuery?: { _canceledDueToError?: unknown } | null }

export const isInDoubt = ({ routine: from, message = '' }: Notice): boolean =>
  from === routine || words.test(message)

/**
 * Makes an error of a commit that was called off in its wait for a replica. PostgreSQL has done it where it
 * is, warns, and says that all is well; a failover may take it back. It may be any statement that commits:
 * COMMIT, one that commits by itself, PREPARE TRANSACTION.
 */
export function watchInDoubt(client: pg.Client): void {
  client.on('notice', (notice: Notice) => {
    if (!isInDoubt(notice)) return
    const statement = (client as unknown as Working)._activeQuery
    if (statement) statement._canceledDueToError = calledOff(notice)
  })
}

const calledOff = (notice: Notice): BanyanError =>
  new BanyanError(
    'BANYAN_OUTCOME_UNKNOWN',
    'The wait for a replica was called off after the primary had committed: a failover may take it back.',
    {
      hint: 'Read back what it was to write before doing it again, or make it safe to repeat (`idempotencyKey`, a key made by the caller, ON CONFLICT).',
      cause: new Error(notice.message),
    },
  )
