import type { Mark } from './position.ts'

export type SamplerOptions<Read> = {
  /** Asks the primary now; calls back once, later. Null: it could not be asked. */
  readonly ask: (sampled: (mark: Mark | null) => void) => void
  /** The reads that the sample was asked for. */
  readonly serve: (mark: Mark | null, reads: readonly Read[]) => void
  /** Whether samples are paid for by reads only, not by time too. */
  readonly isThrifty: () => boolean
  readonly now: () => number
  readonly later: (call: () => void, delayMs: number) => void
}

/** One sample in so many milliseconds is paid for by time, */
export const pauseMs = 3
/** which may have been saved up for as many; */
const savedMax = 32
/** and so many reads that share one pay for it at any time. */
export const shareMin = 24
/**
 * Where fewer than these share it, and time pays nothing, one is paid for by so many that come: while some
 * wait the process has less to do, falls asleep, and is woken for less, which costs several times the sample.
 * At some thousands of reads a second that is about one in a second, enough to know what replicas take by then.
 */
export const payersMin = 4_096

/**
 * Where the primary is, asked once for many reads. A read gets a sample that was *sent after it arrived*,
 * and so one that lies behind everything that was acknowledged to anybody before. What arrives while one is
 * under way waits for the next.
 *
 * A sample costs about what a read does. While reads are few each has its own, at once: what that costs is
 * less than a hundredth of a processor. Where they are so many that what was saved up is used up, they wait
 * for each other, for `pauseMs` at most.
 */
export class Sampler<Read> {
  readonly #options: SamplerOptions<Read>
  #waiting: Read[] = []
  /** When the first of them came. */
  #oldestMs = 0
  #underWay = false
  #isTimed = false
  /** Samples that are paid for, and as of when. */
  #saved = savedMax
  #savedMs = Number.NEGATIVE_INFINITY
  /** Samples sent so far. */
  sent = 0

  constructor(options: SamplerOptions<Read>) {
    this.#options = options
  }

  /** How many wait for a sample that was not sent yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** How much of the next sample is paid for. */
  get saved(): number {
    return this.#saved
  }

  /** A read has come, which may join or not: it pays its part. */
  pay(nowMs: number): void {
    if (this.#save(nowMs)) this.#saved = Math.min(1, this.#saved + 1 / payersMin)
    if (!this.#underWay && this.#saved >= 1) this.#consider()
  }

  /** Serves the read with the next sample, never with one that is under way already. */
  join(read: Read): void {
    if (this.#waiting.push(read) === 1) this.#oldestMs = this.#options.now()
    if (!this.#underWay) this.#consider()
  }

  /** Adds what time has paid since, unless that does not count. Says whether it does not. */
  #save(nowMs: number): boolean {
    const isThrifty = this.#options.isThrifty()
    if (!isThrifty) {
      this.#saved = Math.min(savedMax, this.#saved + (nowMs - this.#savedMs) / pauseMs)
    }
    this.#savedMs = nowMs
    return isThrifty
  }

  #consider(): void {
    const { length } = this.#waiting
    if (length === 0) return
    if (length >= shareMin || this.#saved >= 1) this.#send()
    else if (!this.#isTimed) this.#sendLater(pauseMs)
  }

  /** Whoever has waited for long enough waits no longer, paid for or not. */
  #sendLater(waitMs: number): void {
    this.#isTimed = true
    this.#options.later(() => {
      this.#isTimed = false
      if (this.#underWay || this.#waiting.length === 0) return
      const leftMs = this.#oldestMs + pauseMs - this.#options.now()
      if (leftMs < 0.5) this.#send()
      else this.#sendLater(Math.ceil(leftMs))
    }, waitMs)
  }

  #send(): void {
    const reads = this.#waiting
    this.#waiting = []
    if (reads.length < shareMin) this.#saved = Math.max(-1, this.#saved - 1)
    this.#underWay = true
    this.sent += 1
    this.#options.ask((mark) => {
      this.#underWay = false
      this.#options.serve(mark, reads)
      if (!this.#underWay) this.#consider()
    })
  }
}
