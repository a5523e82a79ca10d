import pg from 'pg'

/** How an error of PostgreSQL or of the way to it is to be understood. */

/** Answers of a server that is starting, stopping, or out of connections for a moment. */
const passingStates = new Set(['57P01', '57P02', '57P03', '53300', '57P05'])

/** Errors of a socket towards a server that is not there now. A wrong host name is not among them. */
const passingErrnos = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EAI_AGAIN',
  'ENOENT',
])

/** Said by node-postgres, without a code, when the socket closed in the middle. */
const passingMessages = /^(?:Connection terminated|timeout expired)/

/** No server is known that takes writes, or one that should does not. */
export class NotPrimary extends Error {
  /** @param said what each member says, where somebody asked them */
  constructor(said?: string) {
    super(`No member is known to take writes now${said === undefined ? '' : ` (${said})`}.`)
  }
}

/** Whether connecting failed in a way that ends when the server is back. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof NotPrimary) return true
  const { code } = error as { code?: unknown }
  if (typeof code === 'string') return passingStates.has(code) || passingErrnos.has(code)
  return passingMessages.test(error.message)
}

/** Whether an error came from the server, and after it the connection is gone. */
export function endsConnection(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false
  return error.severity === 'FATAL' || error.severity === 'PANIC'
}
