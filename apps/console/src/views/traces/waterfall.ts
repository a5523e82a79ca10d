import type { Span } from '@banyan/store/api'

/** A span as a row of a waterfall. Places are parts of the whole trace, 0 to 1. */
export type Row = {
  readonly span: Span
  readonly depth: number
  readonly children: number
  /** Its parent was not kept, or has not arrived: where it belongs is not known. */
  readonly orphan: boolean
  /** Milliseconds after the trace's start. */
  readonly offsetMs: number
  readonly left: number
  readonly width: number
  /** Where it did its own work, or waited for nobody that is known: what no child covers. */
  readonly own: readonly { readonly left: number; readonly width: number }[]
  readonly ownMs: number
}

export type Waterfall = {
  readonly startsAt: number
  readonly durationMs: number
  readonly rows: readonly Row[]
  readonly nodes: readonly string[]
  readonly errors: number
}

type Stretch = readonly [from: number, to: number]

const endOf = (span: Span): number => span.at + span.durationMs

/** By start; of two that start together the longer one first, as the one that more likely holds the other. */
const byStart = (a: Span, b: Span): number => a.at - b.at || b.durationMs - a.durationMs

/**
 * The rows of a trace, parents before their children, in the order in which they began. Spans whose parent is missing
 * stand at the top and say so; a circle of parents, which a broken sender could make, is cut where it is first met.
 */
export const waterfall = (spans: readonly Span[]): Waterfall => {
  const startsAt = Math.min(...spans.map(({ at }) => at))
  const durationMs = Math.max(0, Math.max(...spans.map(endOf)) - startsAt)
  const scale = { startsAt, durationMs: durationMs || 1 }
  const rows = inOrder(spans).map((placed) => rowOf(placed, scale))
  return {
    startsAt: spans.length === 0 ? 0 : startsAt,
    durationMs: spans.length === 0 ? 0 : durationMs,
    rows,
    nodes: [...new Set(rows.map(({ span }) => span.node))],
    errors: spans.filter(({ error }) => error !== null).length,
  }
}

type Placed = { span: Span; depth: number; children: readonly Span[]; orphan: boolean }

const inOrder = (spans: readonly Span[]): Placed[] => {
  const known = new Set(spans.map(({ span }) => span))
  const children = Map.groupBy(spans.toSorted(byStart), ({ parent }) => parent ?? '')
  const placed: Placed[] = []
  const seen = new Set<Span>()
  const place = (span: Span, depth: number) => {
    if (seen.has(span)) return
    seen.add(span)
    const below = children.get(span.span) ?? []
    const orphan = span.parent !== null && !known.has(span.parent)
    placed.push({ span, depth, children: below, orphan })
    for (const child of below) place(child, depth + 1)
  }
  const first = spans.filter(({ parent }) => parent === null || !known.has(parent))
  for (const span of [...first.toSorted(byStart), ...spans.toSorted(byStart)]) place(span, 0)
  return placed
}

const rowOf = (placed: Placed, scale: { startsAt: number; durationMs: number }): Row => {
  const { span, children } = placed
  const part = (ms: number) => Math.min(1, Math.max(0, ms / scale.durationMs))
  const own = uncovered(
    [span.at, endOf(span)],
    children.map((child) => [child.at, endOf(child)]),
  )
  return {
    span,
    depth: placed.depth,
    orphan: placed.orphan,
    children: children.length,
    offsetMs: span.at - scale.startsAt,
    left: part(span.at - scale.startsAt),
    width: part(span.durationMs),
    own: own.map(([from, to]) => ({ left: part(from - scale.startsAt), width: part(to - from) })),
    ownMs: own.reduce((sum, [from, to]) => sum + to - from, 0),
  }
}

/** What of a stretch none of the others covers. */
export const uncovered = (whole: Stretch, others: readonly Stretch[]): Stretch[] => {
  const left: Stretch[] = []
  let from = whole[0]
  for (const [start, end] of others.toSorted((a, b) => a[0] - b[0])) {
    if (start > from) left.push([from, Math.min(start, whole[1])])
    from = Math.max(from, end)
    if (from >= whole[1]) return left
  }
  left.push([from, whole[1]])
  return left
}
