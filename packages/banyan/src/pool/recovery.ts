/**
 * When to connect again to a server that went away. Rules:
 *
 * - a lost connection makes the next ones open one after the other, the first a few milliseconds
 *   later, so that the clients of a server that restarts do not all come at the same moment;
 * - while connecting fails, one attempt at a time, with growing, jittered pauses;
 * - after a success the attempts at the same time double, until there is no limit again.
 */
export class Recovery {
  /** Since when connecting fails, on the clock of the caller; null while it does not. */
  downSince: number | null = null
  /** The error of the last failed attempt. */
  lastError: unknown = null
  /** The next attempt starts no earlier. */
  notBefore = 0
  /** How many attempts may run at the same time. */
  width = Number.POSITIVE_INFINITY

  readonly #random: () => number
  #failures = 0

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** An established connection was lost. */
  lost(now: number): void {
    if (this.downSince !== null || this.width === 1) return
    this.width = 1
    this.notBefore = now + this.#random() * lossPauseMs
  }

  /** An attempt to connect, begun at `since`, failed in a way that may pass. */
  failed(since: number, now: number, error: unknown): void {
    this.downSince ??= since
    this.lastError = error
    this.width = 1
    const pauseMs = Math.min(pauseMaxMs, pauseMinMs * 2 ** this.#failures)
    this.#failures += 1
    this.notBefore = now + pauseMs * (0.5 + this.#random() / 2)
  }

  /** Another server took its place. All who follow come to it in the same moment: one after the other. */
  moved(now: number): void {
    this.#failures = 0
    this.lastError = null
    this.width = 1
    this.notBefore = now + this.#random() * lossPauseMs
  }

  /** An attempt succeeded, out of at most `max` connections. */
  succeeded(max: number): void {
    this.downSince = null
    this.lastError = null
    this.#failures = 0
    this.notBefore = 0
    const next = this.width * 2
    this.width = next >= max ? Number.POSITIVE_INFINITY : next
  }
}

const lossPauseMs = 20
const pauseMinMs = 20
const pauseMaxMs = 200
