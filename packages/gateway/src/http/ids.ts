import { randomBytes, randomFillSync } from 'node:crypto'

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

const version0 = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
/** Later versions may say more behind what we know; ff is none. */
const later = /^(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/

/** Whether a `traceparent` is one, by W3C Trace Context. */
export const isTraceparent = (value: string): boolean => version0.test(value) || later.test(value)

const pool = Buffer.alloc(24 * 256)
let at = pool.length

/** The beginning of a trace. It says "sampled", as its first service would. */
export function newTraceparent(): string {
  if (at === pool.length) {
    randomFillSync(pool)
    at = 0
  }
  const trace = pool.toString('hex', at, at + 16)
  const span = pool.toString('hex', at + 16, at + 24)
  at += 24
  return `00-${trace}-${span}-01`
}
