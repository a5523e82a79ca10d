/** A request that was never answered. `outcome` says what that means for a write. */
export class NoAnswer extends Error {
  /** Why, in a word that failures are counted by: `ECONNREFUSED`, `timeout`, `closed`. */
  readonly reason: string
  /** `fail`: it was never sent. `info`: it was, and what became of it is open. */
  readonly outcome: 'fail' | 'info'

  constructor(request: string, reason: string, outcome: 'fail' | 'info', cause?: unknown) {
    const fate = outcome === 'fail' ? 'was never sent' : 'was never answered'
    super(`${request} ${fate}: ${reason}.`, cause === undefined ? undefined : { cause })
    this.name = 'NoAnswer'
    this.reason = reason
    this.outcome = outcome
  }
}

/** An answer that is not what the scenario can go on with. */
export class AnswerRefused extends Error {
  readonly outcome: 'ok' | 'fail' | 'info'

  constructor(message: string, outcome: 'ok' | 'fail' | 'info') {
    super(message)
    this.name = 'AnswerRefused'
    this.outcome = outcome
  }
}

/** What a scenario may let through: it is counted where it arose. */
export const isCounted = (error: unknown): error is NoAnswer | AnswerRefused =>
  error instanceof NoAnswer || (error instanceof AnswerRefused && error.outcome !== 'ok')

/** The word for a failure of the network, from the error that the client gives. */
export function reasonOf(error: Error): string {
  const { code, errors } = error as { code?: unknown; errors?: readonly Error[] }
  if (code === 'UND_ERR_SOCKET') return 'closed'
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'connect timeout'
  if (typeof code === 'string') return code
  const first = errors?.[0]
  return first ? reasonOf(first) : error.name
}
