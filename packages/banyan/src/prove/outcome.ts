import { BanyanError } from '@banyan/model'
import pg from 'pg'

/** What is answered when something went wrong, and whether it may have been done all the same. */
export type ProofFailure = {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly hint: string | null
  /** `failed`: surely nothing was done. `unknown`: it may have been done, or not. */
  readonly outcome: 'failed' | 'unknown'
}

/** PostgreSQL rolled one transaction back for the sake of another: serialization, deadlock. */
const contention = new Set(['40001', '40P01'])

/** Errors of a request that are its sender's own. */
const refused = new Set(['BANYAN_PROVE_REQUEST_INVALID', 'BANYAN_BODY_TOO_LARGE'])

/** Errors after which nothing of a write stays. */
const undone = new Set([
  'BANYAN_DATABASE_UNAVAILABLE',
  'BANYAN_CONNECTIONS_BUSY',
  'BANYAN_CONNECTION_LOST',
  'BANYAN_TRANSACTION_ABORTED',
  'BANYAN_DATA_CLOSED',
  'BANYAN_NO_DATABASE',
])

/**
 * Says of an error what it means for the fact that was to be written. What is not known to have done
 * nothing is `unknown`: a prover may then find it or not, and accuses nobody.
 */
export function judgeFailure(error: unknown): ProofFailure {
  if (error instanceof pg.DatabaseError) return databaseFailure(error)
  if (!BanyanError.is(error)) return unexpected(error)
  const { code, message, hint } = error
  const said = { code, message, hint: hint ?? null }
  if (refused.has(code)) {
    return { ...said, status: code === 'BANYAN_BODY_TOO_LARGE' ? 413 : 400, outcome: 'failed' }
  }
  return { ...said, status: 503, outcome: undone.has(code) ? 'failed' : 'unknown' }
}

/** An error that PostgreSQL answered with ended its statement, and with it the transaction. */
function databaseFailure(error: pg.DatabaseError): ProofFailure {
  const { message, code } = error
  if (contention.has(code ?? '')) {
    return {
      status: 409,
      code: 'BANYAN_PROVE_CONTENTION',
      message: `The transaction lost to others several times (${code}): ${message}.`,
      hint: 'Nothing of it stays; ask again.',
      outcome: 'failed',
    }
  }
  const isMissing = code === '42P01' || code === '3F000'
  return {
    status: 503,
    code: 'BANYAN_PROVE_FAILED',
    message: `PostgreSQL refused (${code}): ${message}.`,
    hint: isMissing ? 'Make the tables of the proof: banyan up --prove' : null,
    outcome: 'failed',
  }
}

const unexpected = (error: unknown): ProofFailure => ({
  status: 500,
  code: 'BANYAN_PROVE_FAILED',
  message: error instanceof Error ? error.message : String(error),
  hint: null,
  outcome: 'unknown',
})
