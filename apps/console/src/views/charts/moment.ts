import type { TraceQuery } from '@banyan/store/api'

/** A point that somebody clicked on: when, and how slow at least; null: whatever was then. */
export type Moment = { readonly at: number; readonly stepMs: number; readonly minMs: number | null }

/** A point of a chart stands for at least this much time, so that a request that was under way then is found. */
const leastMs = 5_000

/** Percentiles are interpolated in buckets: a trace behind the line may be this part of what it says. */
const slack = 0.5

/** What is asked for a moment. A slow request began before it, by as much as it took. */
export const tracesAt = ({ at, stepMs, minMs }: Moment): TraceQuery => {
  const before = Math.max(stepMs, leastMs) + (minMs ?? 0)
  return {
    from: Math.round(at - before),
    to: Math.round(at + Math.max(stepMs, leastMs)),
    order: 'slowest',
    limit: 50,
    ...(minMs === null ? {} : { minMs: Math.floor(minMs * slack) }),
  }
}
