/** A bounded number of things done at once, and a bounded number waiting for their turn. */
export class Lane {
  readonly #width: number
  readonly #waitingMax: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(options: { width: number; waitingMax: number }) {
    this.#width = options.width
    this.#waitingMax = options.waitingMax
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Runs the work when it is its turn, in order of arrival; `onFull` makes the error when too many wait. */
  async run<T>(work: () => Promise<T>, onFull: (waiting: number) => Error): Promise<T> {
    if (this.#running < this.#width) this.#running++
    else await this.#turn(onFull)
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  #turn(onFull: (waiting: number) => Error): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) throw onFull(this.#waiting.length)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Hands the place to the next one; nobody can slip in between. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#running--
  }
}
