/** A rest that ends when its time is over or when somebody wakes it, also just before it began. */
export class Waker {
  #awake = false
  #end: (() => void) | null = null

  wake(): void {
    this.#awake = true
    this.#end?.()
  }

  async rest(milliseconds: number): Promise<void> {
    if (!this.#awake && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds)
        this.#end = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#end = null
    this.#awake = false
  }
}
