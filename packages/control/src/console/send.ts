import type { IncomingMessage, ServerResponse } from 'node:http'
import { BanyanError } from '@banyan/model'
import { reportOf } from '../api/report.ts'
import type { Asset } from './assets.ts'
import { noStore, safetyHeaders } from './headers.ts'
import { signInPage } from './pages.ts'

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const headers = { ...safetyHeaders, ...noStore, 'content-type': 'application/json' }
  response.writeHead(status, headers)
  response.end(JSON.stringify(body))
}

export function sendPage(response: ServerResponse, status: number, page: string): void {
  const headers = { ...safetyHeaders, ...noStore, 'content-type': 'text/html; charset=utf-8' }
  response.writeHead(status, headers)
  response.end(page)
}

/** A built file, compressed where the browser takes that. */
export function sendAsset(request: IncomingMessage, response: ServerResponse, asset: Asset): void {
  const { type, body, gzip, immutable } = asset
  const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const sent = takesGzip && gzip !== null ? gzip : body
  response.writeHead(200, {
    ...safetyHeaders,
    'content-type': type,
    'content-length': sent.length,
    vary: 'accept-encoding',
    'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-store',
    ...(sent === gzip && { 'content-encoding': 'gzip' }),
  })
  response.end(request.method === 'HEAD' ? undefined : sent)
}

/** What went wrong, with the status that says so; to somebody who looks at it, a page where there is one. */
export function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const status = statusOf(error)
  // What is left of a body that nobody reads would be taken for the next request.
  if (status === 413 || !request.complete) response.setHeader('connection', 'close')
  if (status === 401 && !isOfApi(request)) sendPage(response, 401, signInPage)
  else sendJson(response, status, { error: reportOf(error) })
}

const isOfApi = ({ url = '' }: IncomingMessage): boolean =>
  url.startsWith('/api/') || url.startsWith('/-/')

const statuses: Readonly<Record<string, number>> = {
  BANYAN_CONSOLE_SIGNED_OUT: 401,
  BANYAN_CONSOLE_REFUSED: 403,
  BANYAN_REQUEST_UNKNOWN: 404,
  BANYAN_NODE_UNKNOWN: 404,
  BANYAN_CLIMB_RUNNING: 409,
  BANYAN_STORE_AWAY: 503,
}

function statusOf(error: unknown): number {
  if (!BanyanError.is(error)) return 500
  const { status } = error.details as { status?: unknown }
  return typeof status === 'number' ? status : (statuses[error.code] ?? 400)
}
