export type SpanKind = 'internal' | 'server' | 'client'

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** A span that is over, as it is sent. */
export type SpanRecord = {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | null
  readonly name: string
  readonly kind: SpanKind
  /** Milliseconds since 1970, with what is known of their parts. */
  readonly startMs: number
  readonly durationMs: number
  /** What went wrong; null: nothing. */
  readonly error: string | null
  readonly attributes: SpanAttributes
}

/**
 * What one process knows of a trace that is to be sent. Its spans are made only when they go out: what is
 * pushed out by newer ones before that has cost next to nothing.
 */
export type KeptTrace = {
  /** How many spans it has. */
  readonly size: number
  spans(): readonly SpanRecord[]
}

/**
 * What lies between a monotonic clock and the one on the wall. The start of the process says it to the
 * microsecond, by which the spans of several processes lie in their order; once the wall's clock was set, its
 * own milliseconds have to do.
 */
export function clockOffset(timeOrigin: number, monotonicMs: number, wallMs: number): number {
  const now = wallMs - monotonicMs
  return Math.abs(now - timeOrigin) < 50 ? timeOrigin : now
}
