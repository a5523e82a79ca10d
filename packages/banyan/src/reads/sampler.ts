import type { Mark } from './position.ts'

/** Told where the primary was; null when it could not be asked. */
export type Sampled = (mark: Mark | null) => void

export type SamplerOptions = {
  /** Asks the primary now; calls back once, later. */
  readonly ask: (sampled: Sampled) => void
  readonly now: () => number
  readonly later: (call: () => void, delayMs: number) => void
}

/** Samples follow each other no closer, unless so many reads wait. */
const pauseMs = 1.5
const waitingMax = 32

/**
 * Where the primary is, asked once for many reads. A read gets a sample that was *sent after it arrived*,
 * and so one that lies behind everything that was acknowledged to anybody before. What arrives while one is
 * under way waits for the next.
 *
 * A read alone is asked for at once: to wait would save nothing. Where several come together, the next
 * sample is sent a moment after the last one, so that it serves all that come until then.
 */
export class Sampler {
  readonly #options: SamplerOptions
  #waiting: Sampled[] = []
  #underWay = false
  #isTimed = false
  #sentMs = Number.NEGATIVE_INFINITY
  #lastCount = 0
  /** Samples sent so far. */
  sent = 0

  constructor(options: SamplerOptions) {
    this.#options = options
  }

  /** Gives the next sample, never one that is under way already. */
  join(sampled: Sampled): void {
    this.#waiting.push(sampled)
    if (!this.#underWay) this.#consider()
  }

  #consider(): void {
    const count = this.#waiting.length
    if (count === 0) return
    const waitMs = this.#sentMs + pauseMs - this.#options.now()
    if (this.#lastCount <= 1 || count >= waitingMax || waitMs <= 0) this.#send()
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
    const served = this.#waiting
    this.#waiting = []
    this.#underWay = true
    this.#sentMs = this.#options.now()
    this.#lastCount = served.length
    this.sent += 1
    this.#options.ask((mark) => {
      this.#underWay = false
      for (const sampled of served) sampled(mark)
      if (!this.#underWay) this.#consider()
    })
  }
}
