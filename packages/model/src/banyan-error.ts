import { statusOf } from './error-status.ts'
import type { ErrorCode } from './errors.ts'

export type BanyanErrorOptions = {
  /** The command or edit that mends it. */
  hint?: string
  cause?: unknown
  /** Typed, JSON-like facts for programs. */
  details?: Readonly<Record<string, unknown>>
}

/** An error as `--json` and the control API show it. */
export type ErrorDescription = {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** Known to every copy of this package, so that an app with two of them recognises the errors of both. */
const brand = Symbol.for('banyan.error')

/**
 * An error with a stable code, a message that names the culprit, and a hint that mends it.
 *
 * @example
 * try { await data.of(id).read`select 1` } catch (error) {
 *   if (BanyanError.is(error) && error.code === 'BANYAN_DATABASE_UNAVAILABLE') reply.code(503)
 * }
 */
export class BanyanError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>
  /** What Fastify, Express and `serve` answer with: 503 when it may work again soon, else mostly 500. */
  statusCode: number

  constructor(code: ErrorCode, message: string, options: BanyanErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'BanyanError'
    this.code = code
    this.hint = options.hint
    this.details = options.details ?? {}
    this.statusCode = statusOf(code)
    Object.defineProperty(this, brand, { value: true })
  }

  /** Whether a value is a BanyanError, also one made by another copy of this package. */
  static is(value: unknown): value is BanyanError {
    return typeof value === 'object' && value !== null && brand in value
  }

  /** What of the error is meant for others; neither the stack nor the cause. */
  toJSON(): ErrorDescription {
    const { code, message, hint, details } = this
    return { code, message, ...(hint !== undefined && { hint }), details }
  }
}
