import type { Span } from '../api/types.ts'
import { isRecord } from '../is-record.ts'
import type { Redactor } from '../logs/redact.ts'
import type { TraceSpan } from '../traces/trace-file.ts'
import { attributesOf, idOf, listOf, msOf, nodeOf, textOf } from './values.ts'

const kinds: readonly Span['kind'][] = [
  'internal',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
]

const nameMax = 500

/** The spans of an export request, and how many of it were none. */
export function spansOf(
  request: unknown,
  redact: Redactor,
): { spans: TraceSpan[]; refused: number } {
  const spans: TraceSpan[] = []
  let refused = 0
  for (const { resource, scopeSpans } of listOf(isRecord(request) ? request.resourceSpans : [])) {
    const node = nodeOf(resource)
    for (const said of listOf(scopeSpans).flatMap((scope) => listOf(scope.spans))) {
      const span = spanOf(said, node, redact)
      if (span === null) refused += 1
      else spans.push(span)
    }
  }
  return { spans, refused }
}

function spanOf(said: Record<string, unknown>, node: string, redact: Redactor): TraceSpan | null {
  const trace = idOf(said.traceId, 16)
  const span = idOf(said.spanId, 8)
  const at = msOf(said.startTimeUnixNano)
  if (trace === null || span === null || at === null) return null
  const end = msOf(said.endTimeUnixNano) ?? at
  const attributes = redact.value(attributesOf(said.attributes)) as Record<string, unknown>
  const name = redact.text(textOf(said.name) ?? '?').slice(0, nameMax)
  const parent = idOf(said.parentSpanId, 8)
  const kind = kinds[Number(said.kind)] ?? 'internal'
  // Whole microseconds: what floating numbers add is noise.
  const durationMs = Math.round(Math.max(0, end - at) * 1_000) / 1_000
  return {
    trace,
    span,
    parent,
    node,
    name,
    kind,
    at,
    durationMs,
    error: errorOf(said, redact),
    attributes,
  }
}

function errorOf(said: Record<string, unknown>, redact: Redactor): string | null {
  const status = isRecord(said.status) ? said.status : {}
  if (Number(status.code) !== 2) return null
  const message = textOf(status.message) ?? textOf(attributesOf(said.attributes)['error.type'])
  return redact.text(message ?? 'error').slice(0, nameMax)
}
