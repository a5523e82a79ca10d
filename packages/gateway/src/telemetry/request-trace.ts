import {
  clockOffset,
  type InShare,
  type KeptTrace,
  type SpanAttributes,
  type SpanRecord,
  type TraceParent,
  traceparentOf,
} from '@banyan/model'
import { traceIds } from '../http/ids.ts'
import { hasFailed, type Outcome } from './outcome.ts'

/** One attempt at one server. */
type Attempt = {
  readonly spanId: string
  readonly node: string
  readonly startMs: number
  /** Negative: not yet. */
  tookMs: number
  /** A status, or why there was none. */
  answer: number | string
}

/** What a trace is told of its request. */
export type Traced = {
  readonly method: string
  readonly service: string
  readonly parent: TraceParent | null
}

/**
 * What one request did here, until it is known whether anybody will want to see it: a few numbers and names, of
 * which spans are made only if they are sent.
 */
export class RequestTrace implements KeptTrace {
  readonly traceId: string
  readonly spanId = traceIds.span()
  readonly #traced: Traced
  readonly #isInShare: boolean
  readonly #startMs = performance.now()
  readonly #attempts: Attempt[] = []
  /** Its answer is a stream of events, which is long and ends when its client leaves: neither is worth a look. */
  isStream = false
  #tookMs = 0
  #outcome: Outcome = 0

  constructor(traced: Traced, inShare: InShare) {
    this.traceId = traced.parent?.traceId ?? traceIds.trace()
    this.#traced = traced
    this.#isInShare = inShare(this.traceId)
  }

  /** A server is asked. Gives back the line for the head that it gets. */
  attempt(node: string): string {
    const spanId = traceIds.span()
    const startMs = performance.now()
    this.#attempts.push({ spanId, node, startMs, tookMs: -1, answer: '' })
    return `traceparent: ${traceparentOf(this.traceId, spanId, this.#isInShare)}\r\n`
  }

  /** The last attempt is over: with a status, or because of something. */
  attempted(answer: number | string): void {
    const attempt = this.#attempts.at(-1)
    if (attempt === undefined || attempt.tookMs >= 0) return
    attempt.tookMs = performance.now() - attempt.startMs
    attempt.answer = answer
  }

  /** The request is over. Gives back whether its trace is to be kept. */
  end(outcome: Outcome, slowMs: number): boolean {
    this.#outcome = outcome
    this.#tookMs = performance.now() - this.#startMs
    this.attempted('cancelled')
    const isOdd = outcome === 'left' || this.#tookMs > slowMs
    return (
      this.#isInShare ||
      hasFailed(outcome) ||
      (isOdd && !this.isStream) ||
      // What another server made good is still worth a look.
      this.#attempts.length > 1
    )
  }

  get size(): number {
    return 1 + this.#attempts.length
  }

  spans(): readonly SpanRecord[] {
    const offset = clockOffset(performance.timeOrigin, performance.now(), Date.now())
    return [this.#own(offset), ...this.#attempts.map((one, at) => this.#spanOf(one, at, offset))]
  }

  #own(offset: number): SpanRecord {
    const { method, service, parent } = this.#traced
    const outcome = this.#outcome
    return {
      traceId: this.traceId,
      spanId: this.spanId,
      parentId: parent?.spanId ?? null,
      name: method,
      kind: 'server',
      startMs: offset + this.#startMs,
      durationMs: this.#tookMs,
      error: hasFailed(outcome) ? String(outcome) : null,
      attributes: {
        'http.request.method': method,
        'banyan.service': service,
        ...answerOf(outcome, hasFailed(outcome) || outcome === 'left'),
      },
    }
  }

  #spanOf({ spanId, node, startMs, tookMs, answer }: Attempt, at: number, offset: number) {
    const { method } = this.#traced
    const failed = typeof answer === 'string' || answer >= 500
    return {
      traceId: this.traceId,
      spanId,
      parentId: this.spanId,
      name: method,
      kind: 'client',
      startMs: offset + startMs,
      durationMs: tookMs,
      error: failed ? String(answer) : null,
      attributes: {
        'http.request.method': method,
        'server.address': node,
        ...(at > 0 && { 'http.request.resend_count': at }),
        ...answerOf(answer, failed),
      },
    } satisfies SpanRecord
  }
}

const answerOf = (answer: number | string, failed: boolean): SpanAttributes => ({
  ...(typeof answer === 'number' && { 'http.response.status_code': answer }),
  ...(failed && { 'error.type': String(answer) }),
})
