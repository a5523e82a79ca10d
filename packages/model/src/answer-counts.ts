/**
 * What a process has answered since its start: how many requests, how many of them failed, and how long
 * they took. Two of them can be taken from each other and added up, so that whoever asks now and then
 * knows what was answered in between, and loses nothing by asking late.
 */
export type AnswerCounts = {
  readonly sent: number
  /** Answers of 500 or more, and those that were cut short and not by their client. */
  readonly failed: number
  /** How many took how long, {@link latencyBuckets} of them; a step is 10% wide, from 0.25 ms to 60 s. */
  readonly latency: readonly number[]
}

/** {@link AnswerCounts} while they are counted. */
export type CountingAnswers = { sent: number; failed: number; readonly latency: number[] }

const shortestMs = 0.25
const longestMs = 60_000
const step = 1.1
const perStep = 1 / Math.log(step)
const offset = 1 - Math.log(shortestMs) * perStep

/** Below the shortest is the first one; the longest and beyond is the last one. */
export const latencyBuckets = bucketOf(longestMs) + 1

/** Counts that begin at nothing. */
export function emptyCounts(): CountingAnswers {
  return { sent: 0, failed: 0, latency: new Array<number>(latencyBuckets).fill(0) }
}

/**
 * Counts one answer. It changes what it is given, because it runs once per request.
 *
 * @example
 * const counts = emptyCounts()
 * countAnswer(counts, 12.5, false)
 * quantile(counts, 0.99) // 13.2…: the upper end of the step that 12.5 ms lie in
 */
export function countAnswer(counts: CountingAnswers, ms: number, failed: boolean): void {
  counts.sent += 1
  if (failed) counts.failed += 1
  const at = ms < shortestMs ? 0 : ms < longestMs ? bucketOf(ms) : latencyBuckets - 1
  counts.latency[at] = (counts.latency[at] as number) + 1
}

/** What was answered between two looks at the same process. */
export function minus(later: AnswerCounts, earlier: AnswerCounts): AnswerCounts {
  return combine(later, earlier, (one, other) => one - other)
}

/** What several processes answered together. */
export function sum(all: readonly AnswerCounts[]): AnswerCounts {
  return all.reduce((total, one) => combine(total, one, (a, b) => a + b), emptyCounts())
}

/** The time in which a share of the answers came, in milliseconds, at most 10% too long; 0 without any. */
export function quantile({ latency }: AnswerCounts, share: number): number {
  const total = latency.reduce((all, count) => all + count, 0)
  let left = total * share
  for (const [at, count] of latency.entries()) {
    left -= count
    if (count > 0 && left <= 0) return endOf(at)
  }
  return 0
}

/** How many answers took certainly longer than a time. */
export function countBeyond({ latency }: AnswerCounts, ms: number): number {
  return latency.reduce((all, count, at) => (at > 0 && endOf(at - 1) >= ms ? all + count : all), 0)
}

function combine(
  one: AnswerCounts,
  other: AnswerCounts,
  calculate: (a: number, b: number) => number,
): AnswerCounts {
  return {
    sent: calculate(one.sent, other.sent),
    failed: calculate(one.failed, other.failed),
    latency: one.latency.map((count, at) => calculate(count, other.latency[at] ?? 0)),
  }
}

function bucketOf(ms: number): number {
  return Math.floor(Math.log(ms) * perStep + offset)
}

/** Where a step ends, which is where the next one begins. */
function endOf(at: number): number {
  return Math.min(longestMs, shortestMs * step ** at)
}
