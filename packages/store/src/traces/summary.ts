import type { Span, TraceSummary } from '../api/types.ts'

/**
 * What the spans of a trace add up to. The first span is the one whose parent is not here; the route and the
 * status are those of the first web process, since the entry knows no routes.
 */
export function summaryOf(trace: string, spans: readonly Span[]): TraceSummary {
  const sorted = spans.toSorted((a, b) => a.at - b.at)
  const ids = new Set(spans.map(({ span }) => span))
  const isRoot = ({ parent }: Span) => parent === null || !ids.has(parent)
  const root = sorted.find((span) => isRoot(span) && span.kind === 'server') ?? sorted.find(isRoot)
  const first = root ?? (sorted[0] as Span)
  const servers = sorted.filter(({ kind }) => kind === 'server')
  const routed = servers.find(({ attributes }) => textOf(attributes['http.route']) !== null)
  const at = Math.min(...spans.map((span) => span.at))
  const end = Math.max(...spans.map((span) => span.at + span.durationMs))
  const route = textOf(routed?.attributes['http.route'])
  const method = textOf(routed?.attributes['http.request.method'])
  return {
    trace,
    at,
    durationMs: Math.round((end - at) * 1_000) / 1_000,
    name: route === null ? first.name : method === null ? route : `${method} ${route}`,
    route,
    status: statusOf([first, ...servers]),
    error: spans.some(({ error }) => error !== null),
    nodes: [...new Set(sorted.map(({ node }) => node))],
    spans: spans.length,
  }
}

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null

/** What the client was told: the outermost status that there is. */
function statusOf(spans: readonly Span[]): number | null {
  for (const { attributes } of spans) {
    const status = Number(attributes['http.response.status_code'] ?? Number.NaN)
    if (Number.isInteger(status)) return status
  }
  return null
}
