/** How long is looked back, */
const windowMs = 50
/** and how many reads have to come in a millisecond for it to matter what they cost. */
const fastPerMs = 0.5

/**
 * The reads that are under way, and whether they are always about as many and follow each other fast. So it
 * is with callers who each read one thing after the other: while one of them waits nobody else comes, and to
 * wait makes the reads fewer instead of more of them share something. Where requests come from outside, reads
 * that wait add up.
 */
export class Crowd {
  size = 0
  isSteady = false
  #least = 0
  #most = 0
  #came = 0
  #sinceMs = Number.NEGATIVE_INFINITY

  come(nowMs: number): void {
    if (nowMs - this.#sinceMs >= windowMs) this.#turn(nowMs)
    this.#came += 1
    this.size += 1
    if (this.size > this.#most) this.#most = this.size
  }

  go(): void {
    this.size -= 1
    if (this.size < this.#least) this.#least = this.size
  }

  /** Whoever comes again was away for a moment: one less is no sign of anything. */
  #turn(nowMs: number): void {
    const perMs = this.#came / (nowMs - this.#sinceMs)
    this.isSteady = perMs >= fastPerMs && (this.#least + 1) * 2 > this.#most
    this.#sinceMs = nowMs
    this.#came = 0
    this.#least = this.size
    this.#most = this.size
  }
}
