/** The most that is remembered, about 10 MB of it. */
const rememberedMax = 100_000

const dayMs = 86_400_000

/**
 * Which events of which subjects were recorded today. What was asked for longest ago is forgotten first when
 * there are too many: it is recorded once more then, which changes no metric of different subjects.
 */
export class RecordedDays {
  readonly #max: number
  readonly #seen = new Set<string>()
  #day = Number.NaN

  constructor(max = rememberedMax) {
    this.#max = max
  }

  get size(): number {
    return this.#seen.size
  }

  /** Whether it comes for the first time on this day, in UTC. */
  isNew(event: string, subject: string, nowMs: number): boolean {
    const day = Math.floor(nowMs / dayMs)
    if (day !== this.#day) {
      this.#day = day
      this.#seen.clear()
    }
    const key = `${event}\0${subject}`
    if (this.#seen.delete(key)) {
      this.#seen.add(key)
      return false
    }
    if (this.#seen.size >= this.#max) {
      const [oldest] = this.#seen
      if (oldest !== undefined) this.#seen.delete(oldest)
    }
    this.#seen.add(key)
    return true
  }
}
