import { type AnswerCounts, countAnswer, emptyCounts, minus, sum } from '@banyan/model'

/** What was found at one place where a node's answers are counted; a place counts from its own beginning. */
export type Look = { readonly answers: AnswerCounts; readonly inFlight: number }

/** Looks by the place: a process itself, or one of several balancers before it. */
export type Looks = ReadonlyMap<string, Look>

export type Mark = {
  readonly atMs: number
  readonly counts: AnswerCounts
  readonly inFlight: number
  /** How many requests had begun by then. */
  readonly begun: number
  /** Every place had told what it knows: nothing is missing that was answered by then. */
  readonly isHeard: boolean
}

/** A place that says nothing for so long is gone, and is waited for no more. */
const goneMs = 5_000

/** Ages by which requests are told apart that are still under way; what is younger may come yet. */
const agesMs = [10_000, 5_000, 2_000]

/** What some nodes together answered while they were looked at again and again. */
export class Tape {
  readonly #last = new Map<string, AnswerCounts>()
  readonly #heardAtMs = new Map<string, number>()
  readonly #marks: Mark[] = []
  #total: AnswerCounts = emptyCounts()
  #before: AnswerCounts = emptyCounts()

  /** What a place had counted before it was looked at first is left out; one that begins anew is counted whole. */
  note(atMs: number, looks: Looks): void {
    let inFlight = 0
    for (const [place, look] of looks) {
      const last = this.#last.get(place)
      this.#last.set(place, look.answers)
      this.#heardAtMs.set(place, atMs)
      inFlight += look.inFlight
      if (last === undefined) {
        this.#before = sum([this.#before, look.answers])
        continue
      }
      const isAnew = look.answers.sent < last.sent
      this.#total = sum([this.#total, isAnew ? look.answers : minus(look.answers, last)])
    }
    const counts = this.#total
    const isHeard = this.#isHeard(atMs)
    this.#marks.push({ atMs, counts, inFlight, begun: counts.sent + inFlight, isHeard })
  }

  get marks(): readonly Mark[] {
    return this.#marks
  }

  #isHeard(atMs: number): boolean {
    const heard = [...this.#heardAtMs.values()]
    return heard.includes(atMs) && heard.every((ms) => ms === atMs || ms <= atMs - goneMs)
  }

  /** What the places had counted before they were looked at. */
  get before(): AnswerCounts {
    return this.#before
  }

  /** What was answered since a moment. */
  since(ms: number): AnswerCounts {
    const first = this.#marks.find(({ atMs }) => atMs >= ms)
    return first === undefined ? emptyCounts() : minus(this.#total, first.counts)
  }

  /** The moment by which half of what was answered since another one had been. */
  middleSince(ms: number): number {
    const first = this.#marks.find(({ atMs }) => atMs >= ms)
    if (first === undefined) return ms
    const half = (first.counts.sent + this.#total.sent) / 2
    return this.#marks.find(({ counts }) => counts.sent >= half)?.atMs ?? ms
  }

  /** What is not answered although it is high time, as if it were now: whenever it may come, it is slow. */
  get waiting(): AnswerCounts {
    const counts = emptyCounts()
    for (const ageMs of this.#agesOfWaiting()) countAnswer(counts, ageMs, false)
    return counts
  }

  /** The ages of those that certainly wait for so long: more are under way than have begun since then. */
  #agesOfWaiting(): number[] {
    const now = this.#marks.at(-1)
    if (now === undefined) return []
    const ages: number[] = []
    for (const ageMs of agesMs) {
      const then = this.#marks.findLast(({ atMs }) => atMs <= now.atMs - ageMs)
      if (then === undefined) continue
      const older = now.inFlight - (now.begun - then.begun)
      while (ages.length < older) ages.push(ageMs)
    }
    return ages
  }
}
