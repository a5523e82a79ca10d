import { BanyanError, type ErrorCode, errorCatalogue } from '@banyan/model'
import type { ErrorReport } from './types.ts'

/** An error as it crosses to another process. What is not ours keeps its message and nothing else. */
export function reportOf(error: unknown): ErrorReport {
  const known = BanyanError.is(error)
  return {
    code: known ? error.code : 'BANYAN_CONTROL_FAILED',
    message: error instanceof Error ? error.message : String(error),
    hint: known ? (error.hint ?? null) : null,
    details: known ? error.details : {},
  }
}

/** The same error on the other side. */
export function errorOf({ code, message, hint, details }: ErrorReport): BanyanError {
  const known = code in errorCatalogue ? (code as ErrorCode) : 'BANYAN_CONTROL_FAILED'
  return new BanyanError(known, message, { ...(hint === null ? {} : { hint }), details })
}
