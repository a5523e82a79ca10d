import { wasRefused } from './toggles.ts'

/** A request that nobody answered has been done by then, or never will be. */
const settledAfterMs = 30_000

/** Counts articles from their beginning, to know how many of them can be newer than one of them. */
export class Publishing {
  #begun = 0
  /** When the end of each that was begun and not acknowledged became open; infinite: under way. */
  readonly #unsettled = new Map<number, number>()

  async run<T>(
    nowMs: () => number,
    publish: (place: { order: number; mayBeNewer: number }) => Promise<T>,
  ): Promise<T> {
    this.#forget(nowMs())
    const order = this.#begun++
    const mayBeNewer = this.#unsettled.size
    this.#unsettled.set(order, Number.POSITIVE_INFINITY)
    try {
      const made = await publish({ order, mayBeNewer })
      this.#unsettled.delete(order)
      return made
    } catch (error) {
      if (wasRefused(error)) this.#unsettled.delete(order)
      else this.#unsettled.set(order, nowMs())
      throw error
    }
  }

  /** The most articles of this run that can stand before this one in a list that begins with the newest. */
  newerMax({ order, mayBeNewer }: { readonly order: number; readonly mayBeNewer: number }): number {
    return this.#begun - 1 - order + mayBeNewer
  }

  #forget(nowMs: number): void {
    for (const [order, sinceMs] of this.#unsettled) {
      if (nowMs - sinceMs > settledAfterMs) this.#unsettled.delete(order)
    }
  }
}
