/**
 * The one error of Banyan and the catalogue of its codes. A code is never reused for something else.
 * `docs/reference/errors.md` is held equal to this table by a test.
 */
export const errorCatalogue = {
  BANYAN_CONFIG_INVALID: 'The config file has faults; every one is listed.',
  BANYAN_CONFIG_FAILED: 'The config file threw an error, or did not export a system.',
  BANYAN_CONFIG_TIMEOUT: 'The config file did not finish within its deadline.',
  BANYAN_CONFIG_NOT_FOUND: 'There is no config file at the path.',
} as const

export type ErrorCode = keyof typeof errorCatalogue

export type BanyanErrorOptions = {
  /** The command or edit that mends it. */
  hint?: string
  cause?: unknown
  /** Typed, JSON-like facts for programs. */
  details?: Readonly<Record<string, unknown>>
}

const brand = Symbol.for('banyan.error')

/** An error with a stable code, a message that names the culprit, and a hint that mends it. */
export class BanyanError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>;
  readonly [brand] = true

  constructor(code: ErrorCode, message: string, options: BanyanErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'BanyanError'
    this.code = code
    this.hint = options.hint
    this.details = options.details ?? {}
  }

  /** Whether a value is a BanyanError, also one made by another copy of this package. */
  static is(value: unknown): value is BanyanError {
    return typeof value === 'object' && value !== null && brand in value
  }
}
