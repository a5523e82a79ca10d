import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '@banyan/model'
import { STATUS_CODES } from '../node-http.ts'

/** What `serve` itself says to a client: the shape of every error of Banyan, never a stack. */
export function errorBody(code: string, message: string): string {
  return JSON.stringify({ error: { code, message } })
}

/** Answers with JSON. `HEAD` gets the same headers, and Node leaves the body out. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(body)
}

/** An answer for a connection on which Node could not make a request of what arrived. */
export function rawAnswer(status: number, code: ErrorCode, message: string): string {
  const body = errorBody(code, message)
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
