import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const livesMs = 600_000
const keptMax = 20

/**
 * Tokens of a URL that somebody prints: each opens the console once, within ten minutes. Kept as digests, so
 * that not even a dump of this process has one that still opens something.
 *
 * @example
 * const tokens = new OneTimeTokens(() => performance.now())
 * const token = tokens.issue()
 * tokens.redeem(token) // true
 * tokens.redeem(token) // false
 */
export class OneTimeTokens {
  readonly #now: () => number
  #known: { readonly digest: Buffer; readonly untilMs: number }[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** A new token of 32 random bytes. Of many that nobody used, the oldest are given up. */
  issue(): string {
    const token = randomBytes(32).toString('base64url')
    const entry = { digest: digestOf(token), untilMs: this.#now() + livesMs }
    this.#known = [...this.#alive(), entry].slice(-keptMax)
    return token
  }

  /** Whether a token is good; from then on it is not. */
  redeem(token: string): boolean {
    const digest = digestOf(token)
    const alive = this.#alive()
    // All are compared, so that the time that it takes says nothing of them.
    const found = alive.filter((one) => timingSafeEqual(one.digest, digest))
    this.#known = alive.filter((one) => !found.includes(one))
    return found.length > 0
  }

  #alive() {
    const now = this.#now()
    return this.#known.filter(({ untilMs }) => untilMs > now)
  }
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * Whether two secrets are alike, in a time that says nothing of how alike they are.
 *
 * @example sameSecret(given, metricsToken)
 */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other))
}
