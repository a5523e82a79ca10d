import type { Latency } from './latency.ts'

/** A server that could answer. */
export type Candidate = { readonly latency: Latency; readonly inFlight: number }

/**
 * One of those that could answer: two are drawn, the better one is taken (power of two choices). Better is
 * who will be done first, what it has under way included. Nobody is starved, as would be whoever looks a
 * little worse to every process at the same time.
 */
export function choose<T extends Candidate>(
  candidates: readonly T[],
  nowMs: number,
  random: () => number,
): T | null {
  const { length } = candidates
  const at = Math.floor(random() * length)
  const first = candidates[at] ?? null
  if (first === null || length === 1) return first
  const second = candidates[(at + 1 + Math.floor(random() * (length - 1))) % length] as T
  return costOf(second, nowMs) < costOf(first, nowMs) ? second : first
}

const costOf = ({ latency, inFlight }: Candidate, nowMs: number): number =>
  latency.expectedMs(nowMs) * (inFlight + 1)
