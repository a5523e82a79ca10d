import { type AnswerCounts, countBeyond, emptyCounts, quantile } from '@banyan/model'
import { chanceOf } from './chance.ts'
import { type FailuresKnown, judgeFailures } from './judge-failures.ts'
import type { Moment } from './moments.ts'
import { say, sayMs, sayShare, sayShort, share } from './say.ts'

/** `unsure`: too few requests, or it looks bad and may still be chance. */
export type Verdict = 'worse' | 'no-worse' | 'unsure'

/** What is to be said of the node, without its name: "failed 14 of 290 requests (4.8%), …". */
export type Judgement = {
  readonly verdict: Verdict
  readonly sentence: string
  /** What it is worse in, or may be. Absent where it is not. */
  readonly about?: 'failures' | 'times'
  /** What is known of its failures, whatever else is to be said. */
  readonly failures: FailuresKnown
}

export type JudgeOptions = {
  /**
   * What both answered, by the moments in which they did. Failures count against those of the same moment,
   * and only where they go on without its worst ones.
   */
  readonly moments: readonly Moment[]
  /**
   * What the new release answered at first, and lately. Slower is only one that both show to be: not one
   * that was slow at its beginning. Absent: there is only the whole.
   */
  readonly halves?: readonly AnswerCounts[]
  /**
   * What the release before had answered until then. Its failures stand in where it gets next to nothing
   * beside the new one; times would not: they depend on what the machine does meanwhile.
   */
  readonly before?: AnswerCounts
  /** The chance, below which it is taken for none. Default 1 in 100,000: it is asked again and again. */
  readonly chanceMax?: number
}

/** What looks like this by chance less than once in ten times is watched for longer. */
const doubtfulChance = 0.1
const chanceMaxDefault = 1e-5

/** A few slow answers are noise, whatever the figures say. */
const lateMin = 10
/** Fewer than these say nothing either way. */
const answersMin = 50
/** Where the release before has one request in a hundred, so many may be late. */
const lateShareMax = 0.03
const timeFactor = 2
const timeMoreMs = 50

/**
 * Compares what a new release answered with what the one before answered in the same time. Pure.
 *
 * Worse is a release that fails plainly more of its requests, or that is plainly slower at the slow end:
 * more than 3% of its answers took longer than twice the p99 of the release before, and 50 ms more. Plainly:
 * so that chance would make it look like that less than once in `chanceMax`.
 */
export function judgeTrial(
  old: AnswerCounts,
  next: AnswerCounts,
  options: JudgeOptions,
): Judgement {
  const { moments, halves = [next], before = emptyCounts() } = options
  const { chanceMax = chanceMaxDefault } = options
  const failing = judgeFailures(moments, before)
  const found: readonly Finding[] = [failing, judgeTimes(old, next, halves)]
  const { failures } = failing
  const worse = found.find(({ chance }) => chance < chanceMax)
  if (worse !== undefined) return { ...judgementOf('worse', worse), failures }
  if (Math.min(old.sent, next.sent) < answersMin) {
    const sentence = `answered ${say(next.sent)} requests and the release before ${say(old.sent)}, which are too few to compare`
    return { verdict: 'unsure', sentence, failures }
  }
  const doubtful = found.find(({ chance }) => chance < doubtfulChance)
  if (doubtful !== undefined) {
    const sentence = `${doubtful.sentence}, which may be chance`
    return { ...judgementOf('unsure', { ...doubtful, sentence }), failures }
  }
  if (failures !== 'ruled-out') {
    const sentence = `${failing.sentence}, which are too few to rule out that it fails 5% more`
    return { verdict: 'unsure', sentence, failures }
  }
  return { verdict: 'no-worse', sentence: sayBoth(old, next), failures }
}

/** The chance of it is 1 where it is not worse at all. */
type Finding = {
  readonly about: 'failures' | 'times'
  readonly chance: number
  readonly sentence: string
}

const judgementOf = (verdict: Verdict, { about, sentence }: Finding) => ({
  verdict,
  about,
  sentence,
})

type Halves = readonly AnswerCounts[]

function judgeTimes(old: AnswerCounts, next: AnswerCounts, halves: Halves): Finding {
  const usualMs = quantile(old, 0.99)
  const limitMs = Math.max(timeFactor * usualMs, usualMs + timeMoreMs)
  const late = countBeyond(next, limitMs)
  const lateBefore = countBeyond(old, limitMs)
  const sentence = `took longer than ${sayMs(limitMs)} for ${sayShare(late, next.sent)}, the release before for ${sayShort(lateBefore, old.sent)} (p99 ${sayMs(quantile(next, 0.99))} against ${sayMs(usualMs)})`
  const goesOn = halves.every((half) => share(countBeyond(half, limitMs), half.sent) > lateShareMax)
  const isMore = late >= lateMin && share(late, next.sent) > lateShareMax && goesOn
  const chance = isMore ? chanceOfBoth(late, next.sent, lateBefore, old.sent) : 1
  return { about: 'times', chance, sentence }
}

const chanceOfBoth = (marked: number, drawn: number, others: number, left: number): number =>
  chanceOf(marked, drawn, marked + others, drawn + left)

function sayBoth(old: AnswerCounts, next: AnswerCounts): string {
  const p99 = `p99 ${sayMs(quantile(next, 0.99))} against ${sayMs(quantile(old, 0.99))}`
  return `answers no worse: ${say(next.failed)} of ${say(next.sent)} requests failed, of the release before ${sayShort(old.failed, old.sent)}; ${p99}`
}
