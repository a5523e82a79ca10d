import { randomBytes, randomFillSync } from 'node:crypto'
import { RandomIds, traceparentOf } from '@banyan/model'

/** Letters, digits and the usual separators: nothing that could forge a line of a log. */
const harmless = /^[\w.:/+=@-]{1,128}$/

/** Unique per process; with the counter behind it, an id costs no randomness of its own. */
const processPart = randomBytes(9).toString('base64url')
let count = 0

/** The client's own id of a request when it is harmless, else a new one. */
export function requestId(given: string | null): string {
  if (given !== null && harmless.test(given)) return given
  count += 1
  return `${processPart}-${count.toString(36)}`
}

/** Of traces that begin here, and of the spans of all. */
export const traceIds = new RandomIds(Buffer.alloc(24 * 256), randomFillSync)

/** The beginning of a trace. It says "sampled", as its first service would. */
export const newTraceparent = (): string => traceparentOf(traceIds.trace(), traceIds.span(), true)
