import { Problem } from './problem.ts'

/** Codes with which Banyan says that the database is not to be reached now. */
const passing: ReadonlySet<string> = new Set([])

/** A passing lack of a database is 503, so that clients and balancers know to come back. */
export function unavailable(error: unknown): Problem | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!passing.has(code)) return null
  return new Problem(
    503,
    { server: ['is not available, try again in a moment'] },
    { 'retry-after': '1' },
  )
}
