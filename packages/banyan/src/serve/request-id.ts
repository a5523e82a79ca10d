import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export const requestIdHeader = 'x-request-id'

/** Letters, digits and the usual separators: nothing that could forge a line of a log. */
const valid = /^[\w.:/+=@-]{1,128}$/

/** Unique per process; with the counter behind it, an id costs no randomness of its own. */
const processPart = randomBytes(9).toString('base64url')
let count = 0

/**
 * The id of a request: the client's own when it is harmless, else a new one. Written back into the
 * headers, so that the app sees the same id whether it reads Node's headers or makes its own of the
 * raw ones.
 */
export function identify(request: IncomingMessage): string {
  const given = request.headers[requestIdHeader] as string | undefined
  if (given !== undefined && valid.test(given)) return given
  count += 1
  const id = `${processPart}-${count.toString(36)}`
  if (given !== undefined) dropRaw(request.rawHeaders)
  request.headers[requestIdHeader] = id
  request.rawHeaders.push(requestIdHeader, id)
  return id
}

function dropRaw(rawHeaders: string[]): void {
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (rawHeaders[at]?.toLowerCase() === requestIdHeader) rawHeaders.splice(at, 2)
  }
}
