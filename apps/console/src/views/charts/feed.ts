import type { MetricAnswer } from '@banyan/store/api'
import { type Signal, signal } from '@preact/signals'
import { type ApiError, asApiError } from '../../api/ask.ts'
import { queryMetric } from '../../store/store.ts'
import type { Ask } from './panels.ts'
import { carryOn } from './series.ts'
import { turns } from './turns.ts'
import type { Window } from './window.ts'

/** A page has six connections, and two of them may be streams. */
const turn = turns(3)

export type Known = { readonly window: Window; readonly answer: MetricAnswer }

export type FeedState = {
  /** Null until something was answered. */
  readonly known: Known | null
  /** Why nothing newer is known; null: the last question was answered. */
  readonly error: ApiError | null
}

/** Samples come late, above all when a store reads on after a pause: the newest moments are asked for again. */
const againMs = 10_000

/** A store that hangs is not waited for longer. */
const patienceMs = 8_000

/**
 * What is known of one question, kept up with time: of a window that moved on only what is new is asked for. One
 * question is under way at a time, and the newest window wins.
 */
export class Feed {
  readonly state: Signal<FeedState> = signal({ known: null, error: null })
  readonly #ask: Ask
  #asking: { readonly window: Window; readonly abort: AbortController } | null = null
  #failedAt = 0

  constructor(ask: Ask) {
    this.#ask = ask
  }

  /** Brings it up to a window. */
  async refresh(window: Window): Promise<void> {
    const { known } = this.state.peek()
    if (known !== null && isSame(known.window, window) && this.state.peek().error === null) return
    if (this.#asking !== null && follows(this.#asking.window, window)) return
    if (this.state.peek().error !== null && performance.now() - this.#failedAt < 2000) {
      this.#moveOn(window)
      return
    }
    this.#asking?.abort.abort()
    const asking = { window, abort: new AbortController() }
    this.#asking = asking
    await this.#fetch(window, asking.abort)
    if (this.#asking === asking) this.#asking = null
  }

  stop(): void {
    this.#asking?.abort.abort()
    this.#asking = null
  }

  async #fetch(window: Window, abort: AbortController): Promise<void> {
    const { known, error } = this.state.peek()
    // After a silence all of it is asked for: the store may have gone on while nobody could ask it.
    const goesOn = known !== null && error === null && follows(known.window, window)
    const part = goesOn ? tailOf(known.window, window) : window
    try {
      const answer = await turn(
        () => queryMetric({ ...this.#ask, ...part }, withPatience(abort.signal)),
        abort.signal,
      )
      if (abort.signal.aborted) return
      const newer = { window: part, answer }
      const whole = part === window || known === null ? answer : carryOn(known, newer, window)
      this.state.value = { known: { window, answer: whole }, error: null }
    } catch (thrown) {
      if (abort.signal.aborted) return
      this.#failedAt = performance.now()
      this.#moveOn(window, asApiError(thrown))
    }
  }

  /** Time goes on without an answer: what is known stays where it was, and what is not is a gap. */
  #moveOn(window: Window, error = this.state.peek().error): void {
    const { known } = this.state.peek()
    const empty = {
      window: { ...window, from: window.to },
      answer: { stepMs: window.stepMs, series: [] },
    }
    const kept =
      known !== null && follows(known.window, window) ? carryOn(known, empty, window) : null
    this.state.value = { known: kept === null ? null : { window, answer: kept }, error }
  }
}

const withPatience = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])

const isSame = (a: Window, b: Window): boolean =>
  a.from === b.from && a.to === b.to && a.stepMs === b.stepMs

/** Whether the later window is the earlier one moved on a little. */
const follows = (earlier: Window, later: Window): boolean =>
  earlier.stepMs === later.stepMs &&
  later.from >= earlier.from &&
  later.from < earlier.to &&
  later.to >= earlier.to &&
  later.to - later.from === earlier.to - earlier.from

const tailOf = (known: Window, window: Window): Window => {
  const steps = Math.max(3, Math.ceil(againMs / window.stepMs))
  return { ...window, from: Math.max(window.from, known.to - steps * window.stepMs) }
}
