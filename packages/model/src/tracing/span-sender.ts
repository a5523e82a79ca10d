import { otlpTraces } from './otlp-traces.ts'
import type { KeptTrace, SpanAttributes } from './span.ts'
import { count, SpanRing, spansOf } from './span-ring.ts'

/** Stops what was begun; may be called when it is over already. */
export type Cancel = () => void

/** What a sender does to the world. */
export type SenderPorts = {
  /** Sends a body and calls back once with the status of its answer, 0 without one in time. */
  post(body: string, answered: (status: number) => void): Cancel
  /** Runs something later, without keeping the process alive for it. */
  after(ms: number, run: () => void): Cancel
  /** The same, and until then the process stays alive. */
  hold(ms: number, run: () => void): Cancel
}

const spansMax = 2_000
const batchSpans = 200
const batchMs = 1_000
/** A batch at a time, and no more often than this: a flood of errors is not to cost the app its CPU. */
const gapMs = 100
const backoffMaxMs = 10_000

/**
 * Sends traces by OTLP, within bounds whatever becomes of the receiver: one batch is under way at a time, 2,000
 * spans wait at most, and what is given up is counted. A batch that nobody took is sent again, later each time.
 */
export class SpanSender {
  readonly #resource: SpanAttributes
  readonly #ports: SenderPorts
  readonly #ring = new SpanRing(spansMax)
  #refused = 0
  #failures = 0
  #underWay: { readonly traces: readonly KeptTrace[]; readonly cancel: Cancel } | null = null
  #timer: { readonly ms: number; readonly cancel: Cancel } | null = null
  #flushed: (() => void) | null = null
  #closed = false

  constructor(resource: SpanAttributes, ports: SenderPorts) {
    this.#resource = resource
    this.#ports = ports
  }

  /** How many spans were given up so far. */
  get dropped(): number {
    return this.#ring.dropped + this.#refused
  }

  add(trace: KeptTrace): void {
    if (this.#closed) {
      this.#refused += trace.size
      return
    }
    this.#ring.add(trace)
    this.#schedule()
  }

  /** Sends what waits, for the end of the process, and calls back when that is done or the time over. */
  flush(ms: number, done: () => void): void {
    const late = this.#ports.hold(ms, () => this.#finish())
    this.#flushed = () => {
      late()
      done()
    }
    this.#timer?.cancel()
    this.#timer = null
    if (this.#underWay === null) this.#send()
  }

  #finish(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#timer = null
    const left = this.#underWay
    this.#underWay = null
    left?.cancel()
    this.#refused += count(left?.traces ?? []) + count(this.#ring.take(spansMax))
    const flushed = this.#flushed
    this.#flushed = null
    flushed?.()
  }

  #schedule(): void {
    if (this.#underWay !== null || this.#flushed !== null || this.#ring.size === 0) return
    const ms = this.#pauseMs()
    if (this.#timer !== null && this.#timer.ms <= ms) return
    this.#timer?.cancel()
    const cancel = this.#ports.after(ms, () => {
      this.#timer = null
      this.#send()
    })
    this.#timer = { ms, cancel }
  }

  #pauseMs(): number {
    if (this.#failures > 0) return Math.min(backoffMaxMs, batchMs * 2 ** (this.#failures - 1))
    return this.#ring.size >= batchSpans ? gapMs : batchMs
  }

  #send(): void {
    const traces = this.#ring.take(batchSpans)
    if (traces.length === 0) {
      if (this.#flushed !== null) this.#finish()
      return
    }
    const body = otlpTraces(this.#resource, spansOf(traces))
    let isOver = false
    const cancel = this.#ports.post(body, (status) => {
      if (isOver || this.#closed) return
      isOver = true
      this.#underWay = null
      this.#answered(traces, status)
    })
    if (!isOver) this.#underWay = { traces, cancel }
  }

  #answered(traces: readonly KeptTrace[], status: number): void {
    if (status >= 200 && status < 300) this.#failures = 0
    else if (isPassing(status)) {
      this.#failures += 1
      this.#ring.putBack(traces)
    } else this.#refused += count(traces)
    if (this.#flushed === null) this.#schedule()
    else if (this.#failures > 0) this.#finish()
    else this.#send()
  }
}

/** What OTLP lets one try again: no answer at all, or one that says so. */
const isPassing = (status: number): boolean =>
  status === 0 || status === 429 || (status >= 502 && status <= 504)
