import type { SpanAttributes, SpanKind, SpanRecord } from './span.ts'

/** The numbers of OTLP's SpanKind. */
const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 }

/**
 * The body of `POST /v1/traces`, in OTLP's JSON: ids are hexadecimal there, and numbers of 64 bits are texts.
 *
 * @example
 * otlpTraces({ 'service.name': 'web', 'service.instance.id': 'web-1' }, spans)
 */
export function otlpTraces(resource: SpanAttributes, spans: readonly SpanRecord[]): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource) },
        scopeSpans: [{ scope: { name: 'banyan' }, spans: spans.map(otlpSpan) }],
      },
    ],
  })
}

function otlpSpan({ traceId, spanId, parentId, ...span }: SpanRecord): object {
  const { name, kind, startMs, durationMs, error, attributes } = span
  return {
    traceId,
    spanId,
    ...(parentId === null ? {} : { parentSpanId: parentId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(startMs + Math.max(0, durationMs)),
    attributes: keyValues(attributes),
    ...(error === null ? {} : { status: { code: 2, message: error } }),
  }
}

function keyValues(attributes: SpanAttributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

/** A number holds no nanoseconds of our century: whole milliseconds, and the rest behind them. */
function nanos(ms: number): string {
  const whole = Math.floor(ms)
  return `${whole}${String(Math.floor((ms - whole) * 1_000_000)).padStart(6, '0')}`
}
