import { type AnswerCounts, countBeyond, emptyCounts, quantile, sum } from '@banyan/model'
import { chanceOf } from './chance.ts'

/** `unsure`: too few requests, or it looks bad and may still be chance. */
export type Verdict = 'worse' | 'no-worse' | 'unsure'

/** What is to be said of the node, without its name: "failed 14 of 290 requests (4.8%), …". */
export type Judgement = {
  readonly verdict: Verdict
  readonly sentence: string
  /** What it is worse in, or may be. Absent where it is not. */
  readonly about?: 'failures' | 'times'
}

export type JudgeOptions = {
  /**
   * What the new release answered at first, and lately. Worse is only what both show: not one that was
   * slow at its beginning, nor one that stumbled for a moment. Absent: there is only the whole.
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
/** What only one half shows is no proof, and watched for longer. */
const onlyOneHalfChance = doubtfulChance / 10

/** A few failures are noise, whatever the figures say. */
const failuresMin = 5
const lateMin = 10
/** Fewer than these say nothing either way. */
const answersMin = 50
/** With fewer answers beside the new one, the release before is known by those of earlier. */
const knownMin = 300

/** A release may fail somewhat more often: nodes differ, and so does what each is asked. */
const failuresFactor = 1.5
const failuresMore = 0.001

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
  options: JudgeOptions = {},
): Judgement {
  const { halves = [next], before = emptyCounts(), chanceMax = chanceMaxDefault } = options
  const known = old.sent < knownMin ? sum([old, before]) : old
  const found = [judgeFailures(known, next, halves), judgeTimes(old, next, halves)]
  const worse = found.find(({ chance }) => chance < chanceMax)
  if (worse !== undefined) return judgementOf('worse', worse)
  if (Math.min(old.sent, next.sent) < answersMin) {
    const sentence = `answered ${say(next.sent)} requests and the release before ${say(old.sent)}, which are too few to compare`
    return { verdict: 'unsure', sentence }
  }
  const doubtful = found.find(({ chance }) => chance < doubtfulChance)
  if (doubtful !== undefined) {
    const sentence = `${doubtful.sentence}, which may be chance`
    return judgementOf('unsure', { ...doubtful, sentence })
  }
  return { verdict: 'no-worse', sentence: sayBoth(old, next) }
}

/** The chance of it is 1 where it is not worse at all. */
type Finding = {
  readonly about: 'failures' | 'times'
  readonly chance: number
  readonly sentence: string
}

const judgementOf = (verdict: Verdict, { about, sentence }: Finding): Judgement => ({
  verdict,
  about,
  sentence,
})

type Halves = readonly AnswerCounts[]

function judgeFailures(old: AnswerCounts, next: AnswerCounts, halves: Halves): Finding {
  const sentence = `failed ${sayShare(next.failed, next.sent)}, the release before ${sayShort(old.failed, old.sent)}`
  const allowed = failuresFactor * share(old.failed, old.sent) + failuresMore
  const rate = share(next.failed, next.sent)
  const goesOn = halves.every(
    ({ failed, sent }) => share(failed, sent) > Math.max(allowed, rate / 4),
  )
  const isMore = next.failed >= failuresMin && rate > allowed
  const found = isMore ? chanceOfBoth(next.failed, next.sent, old.failed, old.sent) : 1
  const chance = goesOn ? found : Math.max(found, onlyOneHalfChance)
  return { about: 'failures', chance, sentence }
}

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

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

function sayBoth(old: AnswerCounts, next: AnswerCounts): string {
  const p99 = `p99 ${sayMs(quantile(next, 0.99))} against ${sayMs(quantile(old, 0.99))}`
  return `answers no worse: ${say(next.failed)} of ${say(next.sent)} requests failed, of the release before ${sayShort(old.failed, old.sent)}; ${p99}`
}

const say = (count: number): string => count.toLocaleString('en-US')

const sayShort = (part: number, whole: number): string => `${say(part)} of ${say(whole)}`

function sayShare(part: number, whole: number): string {
  const percent = 100 * share(part, whole)
  return `${sayShort(part, whole)} requests (${percent >= 10 ? Math.round(percent) : percent.toFixed(1)}%)`
}

const sayMs = (ms: number): string => (ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`)
