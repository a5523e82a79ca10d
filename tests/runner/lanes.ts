/** How many further lanes there are while processors have nothing to do, and what tells that. */
export type Spare = {
  readonly lanes: number
  /** The part of the processors' time, 0 to 1, that was idle since it was asked last. */
  readonly idle: () => number
}

/** One more lane is opened where so much is idle, and taken back where less than that is. */
const idleMin = 0.25
const idleLow = 0.1

/** So many things at once; whoever comes later waits for its turn. */
export class Lanes {
  readonly #least: number
  readonly #spare: Spare
  readonly #waiting: (() => void)[] = []
  #open: number
  #busy = 0
  #idle = 0

  constructor(count: number, spare: Spare = { lanes: 0, idle: () => 0 }) {
    this.#least = count
    this.#open = count
    this.#spare = spare
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#busy < this.#open) this.#busy++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      if (this.#open > this.#least && this.#idle < idleLow) this.#open--
      this.#busy--
      this.#letIn()
    }
  }

  /** To be called now and then: opens one lane more where there is work for it, and processors. */
  look(): void {
    this.#idle = this.#spare.idle()
    const isMore = this.#open < this.#least + this.#spare.lanes && this.#waiting.length > 0
    if (!isMore || this.#idle < idleMin) return
    this.#open++
    this.#letIn()
  }

  #letIn(): void {
    if (this.#busy >= this.#open) return
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#busy++
    next()
  }
}
