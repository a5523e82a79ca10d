/** What a read is taken to need before one was seen. */
const firstMs = 1

export type LatencyOptions = {
  /** The part of what was worse, and of what was better, that is believed at once. */
  readonly worse: number
  readonly better: number
  /** What was seen longer ago is not known any more, so that a server that was slow once is tried again. */
  readonly memoryMs: number
}

/** It rises at once and falls slowly, as a server that stands still answers nothing to be averaged. */
const wary: LatencyOptions = { worse: 1 / 2, better: 1 / 16, memoryMs: 500 }

/** It falls at once: where one read in many takes long, the others are no worse for it. */
export const trusting: LatencyOptions = { worse: 1 / 16, better: 1 / 2, memoryMs: 100 }

/** How long reads of one server take: a mean that weighs the last ones most. */
export class Latency {
  readonly #options: LatencyOptions
  #ms = firstMs
  #seenMs = 0
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(options: LatencyOptions = wary) {
    this.#options = options
  }

  /** A read goes there now. */
  asked(nowMs: number): void {
    this.#askedMs = nowMs
  }

  /** For how long no read went there. */
  idleMs(nowMs: number): number {
    return nowMs - this.#askedMs
  }

  /** Whether it is long ago that a read went there: what it would take now has to be found out. */
  isForgotten(nowMs: number): boolean {
    return this.idleMs(nowMs) >= this.#options.memoryMs
  }

  /** What is better counts the more the older the last one is: nobody comes often to say it again. */
  observe(tookMs: number, nowMs: number): void {
    const { worse, better, memoryMs } = this.#options
    const age = (nowMs - this.#seenMs) / memoryMs
    this.#ms += (tookMs - this.#ms) * (tookMs >= this.#ms ? worse : Math.min(1, age + better))
    this.#seenMs = nowMs
  }

  /** What a read is expected to take now. */
  expectedMs(nowMs: number): number {
    const { memoryMs } = this.#options
    const age = nowMs - this.#seenMs
    if (age < memoryMs) return this.#ms
    return Math.max(0.01, this.#ms * (memoryMs / age))
  }
}
