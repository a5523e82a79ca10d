import type { ErrorCode } from './errors.ts'

/**
 * The HTTP status that an error answers with when a handler lets it through. Only what may work again
 * soon, without harm from trying again, is a 503: BANYAN_OUTCOME_UNKNOWN is not among it.
 */
const statuses: Partial<Record<ErrorCode, number>> = {
  BANYAN_BODY_TOO_LARGE: 413,
  BANYAN_HEADERS_TOO_LARGE: 431,
  BANYAN_REQUEST_MALFORMED: 400,
  BANYAN_REQUEST_TIMEOUT: 408,
  BANYAN_STORE_REQUEST_INVALID: 400,
  BANYAN_STORE_TOKEN_WRONG: 401,
  BANYAN_STORE_UNKNOWN: 404,
  BANYAN_STORE_BUSY: 503,
  BANYAN_NOT_READY: 503,
  BANYAN_DATABASE_UNAVAILABLE: 503,
  BANYAN_CONNECTIONS_BUSY: 503,
  BANYAN_CONNECTION_LOST: 503,
  BANYAN_DATA_CLOSED: 503,
}

export const statusOf = (code: ErrorCode): number => statuses[code] ?? 500
