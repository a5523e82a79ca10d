import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '@banyan/model'
import { STATUS_CODES } from '../node-http.ts'

/** What the gateway itself says to a client instead of a server's answer. */
export type Refusal = {
  readonly status: number
  readonly code: ErrorCode | 'NOT_FOUND' | 'METHOD_NOT_ALLOWED'
  readonly message: string
  readonly headers?: readonly string[]
}

export const errorBody = ({ code, message }: Refusal): string =>
  JSON.stringify({ error: { code, message } })

/** Answers with JSON. `HEAD` gets the same headers, and Node leaves the body out. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: string,
  headers: readonly string[] = [],
): void {
  response.writeHead(status, [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    ...headers,
  ])
  response.end(body)
}

export function refuse(
  response: ServerResponse,
  refusal: Refusal,
  headers: readonly string[] = [],
): void {
  answerJson(response, refusal.status, errorBody(refusal), [...(refusal.headers ?? []), ...headers])
}

/** An answer for a connection on which Node could not make a request of what arrived. */
export function rawRefusal(refusal: Refusal): string {
  const body = errorBody(refusal)
  return [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
