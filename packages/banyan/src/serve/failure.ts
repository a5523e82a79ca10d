import type { ServerResponse } from 'node:http'
import { BanyanError } from '@banyan/model'
import { log } from '../log.ts'
import { answerJson, errorBody } from './answer.ts'

/** What a client is told of an error that no handler caught. */
export type Failure = {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The error's own `statusCode` (or `status`) from 400 to 599, else 500. The message of a 4xx is meant
 * for the client; that of a 5xx may name hosts and tables, so only the log has it. A wrong key comes up
 * in narrow mode alone, where whoever asks is who wrote the app.
 */
function describeFailure(error: unknown): Failure {
  const status = statusOf(error)
  const code = BanyanError.is(error) ? error.code : 'BANYAN_HANDLER_FAILED'
  const isShown = status < 500 || code === 'BANYAN_WRONG_KEY'
  const message =
    isShown && error instanceof Error ? error.message : 'The request could not be answered.'
  const retryAfterMs = BanyanError.is(error) ? error.details.retryAfterMs : undefined
  const headers: Record<string, string> = {}
  if (typeof retryAfterMs === 'number') {
    headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)))
  }
  return { status, body: errorBody(code, message), headers }
}

/** Logs an error that a handler let out, and answers with it as far as that is still possible. */
export function answerFailure(response: ServerResponse, error: unknown): void {
  const failure = logFailure(error)
  if (response.destroyed || response.writableEnded) return
  // Half an answer is out already: only cutting the connection tells the client that it is no whole one.
  if (response.headersSent) response.destroy()
  else answerJson(response, failure.status, failure.body, failure.headers)
}

/** Logs an error that a handler let out, and says what the client should be told. */
export function logFailure(error: unknown): Failure {
  const failure = describeFailure(error)
  const level = failure.status < 500 ? 'info' : 'error'
  log()[level]({ err: error, status: failure.status }, 'request handler failed')
  return failure
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null) return 500
  const { statusCode, status } = error as { statusCode?: unknown; status?: unknown }
  const wanted = statusCode ?? status
  return Number.isInteger(wanted) && Number(wanted) >= 400 && Number(wanted) <= 599
    ? Number(wanted)
    : 500
}
