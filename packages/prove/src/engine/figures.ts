import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** What is counted of one action, by its name. */
export type ActionFigures = {
  started: number
  failed: number
  readonly latency: RecordableHistogram
}

/** Latencies in nanoseconds, three digits exact, up to an hour. */
export const makeHistogram = (): RecordableHistogram =>
  createHistogram({ lowest: 1, highest: 3_600_000_000_000, figures: 3 })

/** A percentile in milliseconds; null when nothing was recorded. */
export const percentileMs = (histogram: RecordableHistogram, percentile: number): number | null =>
  histogram.count === 0 ? null : roundMs(histogram.percentile(percentile) / 1e6)

export const roundMs = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000

/** Causes beyond these are counted together, so that a scenario cannot fill the memory with its messages. */
const causesMax = 200

/** What is counted while a load runs. Every request ends as ok, failed or unknown, and once. */
export class Figures {
  readonly latency = makeHistogram()
  readonly lag = makeHistogram()
  readonly actions = new Map<string, ActionFigures>()
  readonly causes = new Map<string, number>()
  sent = 0
  ok = 0
  failed = 0
  unknownOutcome = 0
  started = 0
  longestGapMs = 0
  #lastOkMs: number
  #recent = makeHistogram()

  constructor(beginMs: number) {
    this.#lastOkMs = beginMs
  }

  action(name: string): ActionFigures {
    const known = this.actions.get(name)
    if (known) return known
    const made = { started: 0, failed: 0, latency: makeHistogram() }
    this.actions.set(name, made)
    return made
  }

  answered(action: ActionFigures, latencyMs: number, nowMs: number): void {
    this.ok++
    const nanoseconds = Math.max(1, Math.round(latencyMs * 1e6))
    this.latency.record(nanoseconds)
    this.#recent.record(nanoseconds)
    action.latency.record(nanoseconds)
    this.noteGap(nowMs)
    this.#lastOkMs = nowMs
  }

  fail(action: ActionFigures, cause: string): void {
    this.failed++
    action.failed++
    const known = this.causes.has(cause) || this.causes.size < causesMax
    const name = known ? cause : 'other causes'
    this.causes.set(name, (this.causes.get(name) ?? 0) + 1)
  }

  /** The time since the last good answer, also when the next one never comes. */
  noteGap(nowMs: number): void {
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.#lastOkMs)
  }

  /** The 99th percentile since it was asked for the last time. */
  takeRecentP99Ms(): number | null {
    const p99 = percentileMs(this.#recent, 99)
    this.#recent.reset()
    return p99
  }
}
