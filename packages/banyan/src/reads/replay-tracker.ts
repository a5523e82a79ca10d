import { plantedFault } from '@banyan/postgres'
import { hasReached, type Mark, type Position } from './position.ts'

export type TrackerOptions = {
  /** Asks the replica now; calls back once, later. Null: it gives no answer. */
  readonly ask: (asked: (position: Position | null) => void) => void
  readonly termIsRow: boolean
  readonly now: () => number
  readonly later: (call: () => void, delayMs: number) => void
}

/** Between two questions while somebody waits for the answer to be yes. */
const againMs = 1
/** How old what is known may be before a passing read has it refreshed. */
const staleMs = 5
/** The same of a replica that kept reads waiting in vain. */
const behindStaleMs = 25

type Waiting = { readonly mark: Mark; readonly reached: () => void }

/**
 * What is known of how far one replica has replayed. It is asked only when somebody wants to know, and once
 * for all who do; what it has replayed it does not forget while it lives, so that an old answer still counts.
 */
export class ReplayTracker {
  /** The furthest that the replica is known to have replayed in this life; null: nothing is known. */
  seen: Mark | null = null
  readonly #options: TrackerOptions
  readonly #waiting = new Set<Waiting>()
  #asking = false
  #askedMs = Number.NEGATIVE_INFINITY
  /** Reads waited for this in vain; until it is reached nobody waits for more. */
  #missed: Mark | null = null

  constructor(options: TrackerOptions) {
    this.#options = options
  }

  hasReached(mark: Mark): boolean {
    if (plantedFault === 'ignores-lsn') return this.seen !== null
    return this.seen !== null && hasReached(this.seen, mark, this.#options.termIsRow)
  }

  /** Whether it is worth waiting for: what was waited for in vain has been reached since. */
  get keepsUp(): boolean {
    return this.#missed === null
  }

  /** Calls back once the replica has got there. Gives a way to stop waiting. */
  until(mark: Mark, reached: () => void): () => void {
    const waiting = { mark, reached }
    this.#waiting.add(waiting)
    this.#ask()
    return () => {
      this.#waiting.delete(waiting)
    }
  }

  /** Reads waited for this, and had to go elsewhere. */
  missed(mark: Mark): void {
    if (!this.hasReached(mark)) this.#missed = mark
  }

  /** Asks in passing when what is known is old. */
  refresh(): void {
    const age = this.#options.now() - this.#askedMs
    if (age >= (this.#missed === null ? staleMs : behindStaleMs)) this.#ask()
  }

  /** Another life: a replica that starts again may show less than before. */
  forget(): void {
    this.seen = null
    this.#missed = null
  }

  #ask(): void {
    if (this.#asking) return
    this.#asking = true
    this.#askedMs = this.#options.now()
    this.#options.ask((position) => {
      this.#asking = false
      if (position?.inRecovery) this.#note(position)
      // Who waits for a replica that gives no answer has a deadline of his own.
      if (this.#waiting.size > 0) this.#options.later(() => this.#again(), againMs)
    })
  }

  #again(): void {
    if (this.#waiting.size > 0) this.#ask()
  }

  #note(position: Position): void {
    this.seen = position
    if (this.#missed !== null && this.hasReached(this.#missed)) this.#missed = null
    for (const waiting of this.#waiting) {
      if (!this.hasReached(waiting.mark)) continue
      this.#waiting.delete(waiting)
      waiting.reached()
    }
  }
}
