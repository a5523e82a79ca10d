/** A wait that can be ended early, for good. */
export class Pause {
  #isOver = false
  #end: () => void = () => {}

  async take(ms: number): Promise<void> {
    if (this.#isOver || ms === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#end = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  end(): void {
    this.#isOver = true
    this.#end()
  }
}
