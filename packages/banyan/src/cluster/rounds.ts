/** Why a member is asked what it is: it decides how soon. */
export type Urgency =
  /** It is known who takes over, and that it happens now. */
  | 'heir'
  /** The primary is sought. */
  | 'seek'
  /** All is well: often enough that a superseded primary is left within a second. */
  | 'calm'
  /** One member has nobody who could take its place: it is asked for news of the catalog only. */
  | 'alone'

const calmMs = 500
const aloneMs = 2_000
const heirMs = 8
const seekMinMs = 20
const seekMaxMs = 50
/** A member that lets nobody in is tried less and less often: each try may cost it a process. */
const knockMinMs = 25
const knockMaxMs = 250

/** When each member is asked next, with jitter, so that the processes of an app do not ask in step. */
export class Rounds {
  readonly #random: () => number
  readonly #timers = new Map<string, NodeJS.Timeout>()
  /** How often in a row a member gave no answer. */
  readonly #silences = new Map<string, number>()

  constructor(random: () => number) {
    this.#random = random
  }

  noteSilence(name: string): void {
    this.#silences.set(name, (this.#silences.get(name) ?? 0) + 1)
  }

  noteAnswer(name: string): void {
    this.#silences.delete(name)
  }

  isSilent(name: string): boolean {
    return this.#silences.has(name)
  }

  forget(name: string): void {
    this.#silences.delete(name)
    clearTimeout(this.#timers.get(name))
    this.#timers.delete(name)
  }

  /** Asks after a while, by how urgent it is and by how long the member has been silent. */
  next(name: string, urgency: Urgency, ask: () => void): void {
    this.#in(name, this.#pauseMs(name, urgency), ask)
  }

  now(name: string, ask: () => void): void {
    this.#in(name, 0, ask)
  }

  #pauseMs(name: string, urgency: Urgency): number {
    const jitter = 0.8 + this.#random() * 0.4
    const silences = this.#silences.get(name) ?? 0
    if (silences > 0) return Math.min(knockMaxMs, knockMinMs * 2 ** silences) * jitter
    if (urgency === 'seek') return seekMinMs + this.#random() * (seekMaxMs - seekMinMs)
    return { heir: heirMs, calm: calmMs, alone: aloneMs }[urgency] * jitter
  }

  #in(name: string, pauseMs: number, ask: () => void): void {
    clearTimeout(this.#timers.get(name))
    const timer = setTimeout(() => {
      this.#timers.delete(name)
      ask()
    }, pauseMs)
    timer.unref()
    this.#timers.set(name, timer)
  }
}
