import type { Mark } from './position.ts'

export type SamplerOptions<Read> = {
  /** Asks the primary now; calls back once, later. Null: it could not be asked. */
  readonly ask: (sampled: (mark: Mark | null) => void) => void
  /** The reads that the sample was asked for. */
  readonly serve: (mark: Mark | null, reads: readonly Read[]) => void
  readonly now: () => number
  readonly later: (call: () => void, delayMs: number) => void
}

/** Samples follow each other no closer, unless so many reads wait. */
const pauseMs = 2
const waitingMax = 32

/**
 * Where the primary is, asked once for many reads. A read gets a sample that was *sent after it arrived*,
 * and so one that lies behind everything that was acknowledged to anybody before. What arrives while one is
 * under way waits for the next.
 *
 * A read alone is asked for at once: to wait would save nothing. Where several come together, the next
 * sample is sent a moment after the last one, so that it serves all that come until then.
 */
export class Sampler<Read> {
  readonly #options: SamplerOptions<Read>
  #waiting: Read[] = []
  #underWay = false
  #isTimed = false
  #sentMs = Number.NEGATIVE_INFINITY
  #lastCount = 0
  /** Samples sent so far. */
  sent = 0

  constructor(options: SamplerOptions<Read>) {
    this.#options = options
  }

  /** Serves the read with the next sample, never with one that is under way already. */
  join(read: Read): void {
    this.#waiting.push(read)
    if (!this.#underWay) this.#consider()
  }

  #consider(): void {
    const count = this.#waiting.length
    if (count === 0) return
    if (this.#lastCount <= 1 || count >= waitingMax) {
      this.#send()
      return
    }
    const waitMs = this.#sentMs + pauseMs - this.#options.now()
    if (waitMs <= 0) this.#send()
    else if (!this.#isTimed) this.#sendLater(waitMs)
  }

  #sendLater(waitMs: number): void {
    this.#isTimed = true
    this.#options.later(() => {
      this.#isTimed = false
      if (!this.#underWay && this.#waiting.length > 0) this.#send()
    }, waitMs)
  }

  #send(): void {
    const reads = this.#waiting
    this.#waiting = []
    this.#underWay = true
    this.#sentMs = this.#options.now()
    this.#lastCount = reads.length
    this.sent += 1
    this.#options.ask((mark) => {
      this.#underWay = false
      this.#options.serve(mark, reads)
      if (!this.#underWay) this.#consider()
    })
  }
}
