/** Causes beyond these are counted together, so that a scenario cannot fill the memory with its messages. */
const causesMax = 200

/** How often something failed, by cause. */
export class FailuresByCause {
  total = 0
  readonly #causes = new Map<string, number>()

  add(cause: string): void {
    this.total++
    const known = this.#causes.has(cause) || this.#causes.size < causesMax
    const name = known ? cause : 'other causes'
    this.#causes.set(name, (this.#causes.get(name) ?? 0) + 1)
  }

  /** The most frequent first. */
  get report(): { readonly total: number; readonly byCause: Readonly<Record<string, number>> } {
    const byCause = Object.fromEntries([...this.#causes].sort(([, a], [, b]) => b - a))
    return { total: this.total, byCause }
  }
}
