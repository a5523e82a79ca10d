/** Returns after that time; where it is no longer waited for, the signal says so. */
export type Sleep = (milliseconds: number, over: AbortSignal) => Promise<void>

const sleepForReal: Sleep = async (milliseconds, over) =>
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    over.addEventListener('abort', () => clearTimeout(timer))
  })

/** A rest that ends when its time is over or when somebody wakes it, also just before it began. */
export class Waker {
  readonly #sleep: Sleep
  #awake = false
  #end: (() => void) | null = null

  constructor(sleep: Sleep = sleepForReal) {
    this.#sleep = sleep
  }

  wake(): void {
    this.#awake = true
    this.#end?.()
  }

  async rest(milliseconds: number): Promise<void> {
    if (!this.#awake && milliseconds > 0) {
      const over = new AbortController()
      const woken = new Promise<void>((resolve) => {
        this.#end = resolve
      })
      await Promise.race([woken, this.#sleep(milliseconds, over.signal)])
      over.abort()
    }
    this.#end = null
    this.#awake = false
  }
}
