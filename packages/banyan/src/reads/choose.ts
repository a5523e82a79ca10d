import type { Latency } from './latency.ts'

/** A server that could answer. */
export type Candidate = { readonly latency: Latency; readonly inFlight: number }

/** Less than that is chance: what this process does meanwhile makes as much of a difference. */
const chanceMs = 1
/** After so long without a read a server is taken to be half as slow as it was. */
const halfMs = 80

/**
 * One of those that could answer: two are drawn, the better one is taken (power of two choices). Better is
 * who will be done first, what it has under way included. Of two servers the better one would win each time,
 * and what is known of the other would never change: so one that nobody asks is believed to get better, soon
 * to be as good as one that is a little better, and later as one that is much better. One that nobody has
 * asked for long is taken whatever it was like, for one read, which tells what it is like now.
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
  const isFirstForgotten = first.latency.isForgotten(nowMs)
  if (isFirstForgotten !== second.latency.isForgotten(nowMs)) {
    return isFirstForgotten ? first : second
  }
  return costOf(second, nowMs) < costOf(first, nowMs) ? second : first
}

/** What has reads under way does not get better by waiting: they may stand still there. */
function costOf({ latency, inFlight }: Candidate, nowMs: number): number {
  const ms = latency.expectedMs(nowMs) + chanceMs
  return inFlight > 0 ? ms * (inFlight + 1) : ms * 2 ** (-latency.idleMs(nowMs) / halfMs)
}
