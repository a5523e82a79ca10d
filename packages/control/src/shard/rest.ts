import type { ShardClock } from './settings.ts'

/** A rest that ends when its time is over or when somebody wakes it, also just before it began. */
export class Rest {
  readonly #clock: ShardClock
  #awake = false
  #end: (() => void) | null = null

  constructor(clock: ShardClock) {
    this.#clock = clock
  }

  wake(): void {
    this.#awake = true
    this.#end?.()
  }

  async rest(milliseconds: number): Promise<void> {
    if (!this.#awake) {
      const woken = new Promise<void>((resolve) => {
        this.#end = resolve
      })
      await Promise.race([woken, this.#clock.sleep(milliseconds)])
    }
    this.#end = null
    this.#awake = false
  }
}
