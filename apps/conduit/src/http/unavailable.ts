import { Problem } from './problem.ts'

const notNow = (code: string) =>
  code === 'BANYAN_DATABASE_UNAVAILABLE' ||
  code === 'BANYAN_CONNECTIONS_BUSY' ||
  code === 'BANYAN_CONNECTION_LOST'

/**
 * What a passing lack of the database means to the one who asked: 503, so that clients and balancers
 * know to come back. Only where it is certain that nothing was done is there an invitation to repeat.
 */
export function unavailable(error: unknown): Problem | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'BANYAN_OUTCOME_UNKNOWN') {
    return new Problem(503, { server: ['lost its database: the change may be made or not'] })
  }
  if (!notNow(code)) return null
  const errors = { server: ['is not available, try again in a moment'] }
  return new Problem(503, errors, { 'retry-after': '1' })
}
