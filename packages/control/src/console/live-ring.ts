const countMax = 2_000
const bytesMax = 1_048_576

/** A message as it was sent, kept for those who missed it. */
type Kept = { readonly number: number; readonly text: string }

/** The last messages, within bounds. */
export class LiveRing {
  #kept: Kept[] = []
  #bytes = 0

  add(number: number, text: string): void {
    this.#kept.push({ number, text })
    this.#bytes += text.length
    let gone = 0
    for (const { text: old } of this.#kept) {
      if (this.#bytes <= bytesMax && this.#kept.length - gone <= countMax) break
      this.#bytes -= old.length
      gone += 1
    }
    if (gone > 0) this.#kept = this.#kept.slice(gone)
  }

  /** Everything after a number, where nothing of it is gone; else null. `last` is the newest number there is. */
  after(number: number, last: number): readonly string[] | null {
    if (number > last) return null
    if (number === last) return []
    const at = this.#kept.findIndex((one) => one.number > number)
    if (at < 0 || this.#kept[at]?.number !== number + 1) return null
    return this.#kept.slice(at).map(({ text }) => text)
  }

  clear(): void {
    this.#kept = []
    this.#bytes = 0
  }
}
