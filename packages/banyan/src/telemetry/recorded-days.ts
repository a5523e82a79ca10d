/** The most that is remembered, about 10 MB of it. */
const rememberedMax = 100_000

const dayMs = 86_400_000

/**
 * Which events of which subjects were recorded today. When there are too many, of the event that has most of
 * them the one that was asked for longest ago is forgotten first: it is recorded once more then, which changes no metric of different subjects.
 */
export class RecordedDays {
  readonly #max: number
  /** By event, so that nothing is made of the two to find them by. */
  readonly #subjects = new Map<string, Set<string>>()
  #size = 0
  #day = Number.NaN

  constructor(max = rememberedMax) {
    this.#max = max
  }

  get size(): number {
    return this.#size
  }

  /** Whether it comes for the first time on this day, in UTC. */
  isNew(event: string, subject: string, nowMs: number): boolean {
    const day = Math.floor(nowMs / dayMs)
    if (day !== this.#day) this.#begin(day)
    const subjects = this.#subjectsOf(event)
    if (subjects.has(subject)) {
      if (this.#size > this.#max / 2) refresh(subjects, subject)
      return false
    }
    if (this.#size >= this.#max) this.#forgetOne()
    subjects.add(subject)
    this.#size += 1
    return true
  }

  #begin(day: number): void {
    this.#day = day
    this.#subjects.clear()
    this.#size = 0
  }

  #subjectsOf(event: string): Set<string> {
    const known = this.#subjects.get(event)
    if (known !== undefined) return known
    const made = new Set<string>()
    this.#subjects.set(event, made)
    return made
  }

  /** Of the event that has most of them. */
  #forgetOne(): void {
    let most: Set<string> | null = null
    for (const one of this.#subjects.values()) if (one.size > (most?.size ?? 0)) most = one
    const [oldest] = most ?? []
    if (oldest !== undefined && most?.delete(oldest)) this.#size -= 1
  }
}

/** The order matters only where something will have to be forgotten. */
function refresh(subjects: Set<string>, subject: string): void {
  subjects.delete(subject)
  subjects.add(subject)
}
