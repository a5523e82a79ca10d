import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { FailuresByCause } from './failures-by-cause.ts'

/** What is counted of one action, by its name. */
export type ActionFigures = {
  started: number
  failed: number
  readonly latency: RecordableHistogram
}

/** What is counted of one kind of clients. */
export type ClientFigures = {
  sent: number
  ok: number
  unknownOutcome: number
  readonly failures: FailuresByCause
  readonly latency: RecordableHistogram
}

export type ClientKind = 'keep-alive' | 'one-request'

/** Latencies in nanoseconds, three digits exact, up to an hour. */
export const makeHistogram = (): RecordableHistogram =>
  createHistogram({ lowest: 1, highest: 3_600_000_000_000, figures: 3 })

/** A percentile in milliseconds; null when nothing was recorded. */
export const percentileMs = (histogram: RecordableHistogram, percentile: number): number | null =>
  histogram.count === 0 ? null : roundMs(histogram.percentile(percentile) / 1e6)

export const roundMs = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000

const clientFigures = (): ClientFigures => ({
  sent: 0,
  ok: 0,
  unknownOutcome: 0,
  failures: new FailuresByCause(),
  latency: makeHistogram(),
})

/** What is counted while a load runs. Every request ends as ok, failed or unknown, and once. */
export class Figures {
  readonly latency = makeHistogram()
  readonly lag = makeHistogram()
  readonly actions = new Map<string, ActionFigures>()
  readonly failures = new FailuresByCause()
  readonly clients: Readonly<Record<ClientKind, ClientFigures>> = {
    'keep-alive': clientFigures(),
    'one-request': clientFigures(),
  }
  sent = 0
  ok = 0
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

  get failed(): number {
    return this.failures.total
  }

  asked(client: ClientFigures): void {
    this.sent++
    client.sent++
  }

  answered(action: ActionFigures, client: ClientFigures, latencyMs: number, nowMs: number): void {
    this.ok++
    client.ok++
    const nanoseconds = Math.max(1, Math.round(latencyMs * 1e6))
    this.latency.record(nanoseconds)
    this.#recent.record(nanoseconds)
    action.latency.record(nanoseconds)
    client.latency.record(nanoseconds)
    this.noteGap(nowMs)
    this.#lastOkMs = nowMs
  }

  leftOpen(client: ClientFigures): void {
    this.unknownOutcome++
    client.unknownOutcome++
  }

  /** A request failed, or an action did by itself: that is no client's. */
  fail(action: ActionFigures, cause: string, client: ClientFigures | null = null): void {
    this.failures.add(cause)
    client?.failures.add(cause)
    action.failed++
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
