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
const pauseMs = 3
const waitingMax = 32
/** To wait has to make so many reads share a sample, on average; */
const worthMin = 1.3
/** where it does not, it is tried again now and then. */
const trialEvery = 16

/**
 * Where the primary is, asked once for many reads. A read gets a sample that was *sent after it arrived*,
 * and so one that lies behind everything that was acknowledged to anybody before. What arrives while one is
 * under way waits for the next.
 *
 * The next sample is sent a moment after the last one, so that it serves all that come until then. Where
 * nobody else comes, as with a caller who reads one thing after the other, to wait would save nothing and is
 * left off.
 */
export class Sampler<Read> {
  readonly #options: SamplerOptions<Read>
  #waiting: Read[] = []
  #underWay = false
  #isTimed = false
  #sentMs = Number.NEGATIVE_INFINITY
  /** How many reads a sample served that was waited for. */
  #worth = 2
  #untried = 0
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
    if (count === 0 || this.#isTimed) {
      if (count >= waitingMax) this.#send()
      return
    }
    const waitMs = this.#sentMs + pauseMs - this.#options.now()
    if (waitMs <= 0 || count >= waitingMax || !this.#isWorthWaiting()) this.#send()
    else this.#sendLater(waitMs)
  }

  #isWorthWaiting(): boolean {
    if (this.#worth >= worthMin) return true
    this.#untried = (this.#untried + 1) % trialEvery
    return this.#untried === 0
  }

  #sendLater(waitMs: number): void {
    this.#isTimed = true
    this.#options.later(() => {
      this.#isTimed = false
      const count = this.#waiting.length
      if (this.#underWay || count === 0) return
      this.#worth += (count - this.#worth) / 8
      this.#send()
    }, waitMs)
  }

  #send(): void {
    const reads = this.#waiting
    this.#waiting = []
    this.#underWay = true
    this.#sentMs = this.#options.now()
    this.sent += 1
    this.#options.ask((mark) => {
      this.#underWay = false
      this.#options.serve(mark, reads)
      if (!this.#underWay) this.#consider()
    })
  }
}
