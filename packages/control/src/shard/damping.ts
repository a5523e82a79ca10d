/** A reign that ended before this did not last. */
const shortReignMs = 3_000
/** So many in a row are chance, or somebody who tries us out. */
const shortReignsAllowed = 3
const firstPauseMs = 1_000
const longestPauseMs = 30_000

/**
 * Failovers that do not last: whatever ends each new primary at once would end the next one as well, and each
 * one costs a copy. From the fourth in a row on, the next waits, and meanwhile the primary is started where it is.
 */
export class Damping {
  #short = 0
  #beganAtMs: number | null = null

  began(nowMs: number): void {
    this.#beganAtMs = nowMs
  }

  /** A failover ends a reign. */
  ended(nowMs: number): void {
    const lasted = this.#beganAtMs === null || nowMs - this.#beganAtMs >= shortReignMs
    this.#short = lasted ? 0 : this.#short + 1
    this.#beganAtMs = null
  }

  /** How long the next failover waits after the primary's end, in which the reign would end. */
  pauseMs(endedAtMs: number): number {
    const lasted = this.#beganAtMs === null || endedAtMs - this.#beganAtMs >= shortReignMs
    const short = lasted ? 0 : this.#short + 1
    if (short <= shortReignsAllowed) return 0
    return Math.min(longestPauseMs, firstPauseMs * 2 ** (short - shortReignsAllowed - 1))
  }
}
