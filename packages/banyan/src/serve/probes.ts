import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerJson, errorBody } from './answer.ts'

/** What `/-/ready` answers: only `ready` gets new requests. */
export type Phase = 'starting' | 'ready' | 'stopping'

const prefix = '/-/'

/** Whether a path belongs to Banyan. All of `/-/` is reserved, so that later ones break no app. */
export function isReserved(url: string): boolean {
  // The second character rules nearly every path out at the cost of one comparison.
  return url.charCodeAt(1) === 45 && url.startsWith(prefix)
}

/**
 * `/-/live` answers 200 whenever this process can answer at all; `/-/ready` 200 while it wants
 * requests, else 503. The header `banyan-ready` says that this is `serve` and not the app.
 */
export function answerReserved(
  request: IncomingMessage,
  response: ServerResponse,
  phase: Phase,
): void {
  const { status, body, headers } = reservedAnswer(request, phase)
  answerJson(response, status, body, headers)
}

type Answer = { status: number; body: string; headers?: Record<string, string> }

function reservedAnswer(request: IncomingMessage, phase: Phase): Answer {
  const path = (request.url ?? '').split('?', 1)[0]
  if (path !== '/-/live' && path !== '/-/ready') {
    return { status: 404, body: errorBody('NOT_FOUND', 'Paths under /-/ belong to Banyan.') }
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const body = errorBody('METHOD_NOT_ALLOWED', 'Only GET and HEAD are answered here.')
    return { status: 405, body, headers: { allow: 'GET, HEAD' } }
  }
  if (path === '/-/live') return { status: 200, body: JSON.stringify({ live: true }) }
  const ready = phase === 'ready'
  return {
    status: ready ? 200 : 503,
    body: JSON.stringify({ ready, phase }),
    headers: { 'banyan-ready': String(ready) },
  }
}
