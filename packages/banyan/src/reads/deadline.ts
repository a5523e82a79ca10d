/**
 * Calls back when something takes too long, one thing at a time. The timer is left running where the thing is
 * done in time, and serves the next one: to set and clear one for each costs more than most of them take.
 */
export class Deadline {
  readonly #ms: number
  #late: (() => void) | null = null
  #atMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  begin(late: () => void): void {
    this.#late = late
    this.#atMs = performance.now() + this.#ms
    this.#timer ??= this.#after(this.#ms)
  }

  end(): void {
    this.#late = null
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), ms)
  }

  #look(): void {
    this.#timer = undefined
    const late = this.#late
    if (late === null) return
    const leftMs = this.#atMs - performance.now()
    if (leftMs >= 1) {
      this.#timer = this.#after(leftMs)
      return
    }
    // What has arrived is read first: where this process was held up, the answer may lie there.
    setImmediate(() => {
      if (this.#late !== late) return
      this.#late = null
      late()
    })
  }
}
