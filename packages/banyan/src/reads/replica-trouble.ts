import pg from 'pg'

/**
 * Classes of errors that the primary may not have: conflicts with replay (40), what a standby cannot do (25,
 * 0A, 55, XX), a table or column that the replica has not heard of yet (42, 3F), its own troubles (53, 57, 58).
 */
const classes = new Set(['25', '40', '42', '3F', '0A', '53', '55', '57', '58', 'XX'])

/** The statement was ended by a timeout or by somebody: it would be again, and takes its time. */
const canceled = '57014'

/**
 * Whether a read that failed on a replica is asked again on the primary. What is wrong with the statement
 * itself fails there once more, with the same words.
 */
export function isReplicaTrouble(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false
  const code = error.code ?? ''
  return code !== canceled && classes.has(code.slice(0, 2))
}
