/** What a read is taken to need before one was seen. */
const firstMs = 1
/** How fast what was seen is forgotten, so that a server that was slow once is tried again. */
const memoryMs = 1_000

/**
 * How long reads of one server take: a mean that weighs the last ones most. It rises at once to what was
 * worse and falls slowly, as a server that stands still answers nothing that could be averaged.
 */
export class Latency {
  #ms = firstMs
  #seenMs = 0

  observe(tookMs: number, nowMs: number): void {
    if (tookMs >= this.#ms) this.#ms += (tookMs - this.#ms) / 2
    else this.#ms += (tookMs - this.#ms) / 16
    this.#seenMs = nowMs
  }

  /** What a read is expected to take now. */
  expectedMs(nowMs: number): number {
    const age = nowMs - this.#seenMs
    if (age < memoryMs) return this.#ms
    return Math.max(0.01, this.#ms * (memoryMs / age))
  }
}
