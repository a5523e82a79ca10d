import type { AnswerCounts } from '@banyan/model'
import { type Judgement, judgeTrial } from './judge-trial.ts'

/** What was watched so far of one service, the warm-up left out. */
export type Watched = {
  readonly old: AnswerCounts
  readonly next: AnswerCounts
  /** What the release before had answered until it was watched. */
  readonly before: AnswerCounts
  /** `next` in two: at first, and lately. */
  readonly halves: readonly AnswerCounts[]
  /** Since the first request could come, the warm-up included. */
  readonly elapsedMs: number
}

export type Decision = Judgement & { readonly end: 'worse' | 'passed' | 'not-yet' }

/** The first requests of a process meet code that was never compiled, and connections to be opened. */
export const warmUpMs = 2_000
export const watchMsMin = 5_000
export const watchMsMax = 20_000
/** Of each: what many requests of one show is nothing beside few of the other. */
const answersEnough = 300
/** Nobody asks for anything: waiting for more would only keep whoever releases. */
const idleBelow = 3
/** The last look may be less strict: there is one of it. */
const lastChanceMax = 5e-4
/**
 * Failures are no matter of warmth, but a cold process on a busy machine is slow for some seconds, at the
 * slow end above all.
 */
const judgeAfterMs = { failures: 3_000, times: 9_000 }

/** Whether a trial is over, and how. Pure. */
export function decide({ old, next, before, halves, elapsedMs }: Watched): Decision {
  const isLast = elapsedMs >= watchMsMax
  const judgement = judgeTrial(old, next, {
    halves,
    before,
    ...(isLast && { chanceMax: lastChanceMax }),
  })
  const { verdict, about } = judgement
  if (verdict === 'worse' && elapsedMs >= judgeAfterMs[about ?? 'failures']) {
    return { ...judgement, end: 'worse' }
  }
  const compared = Math.min(old.sent, next.sent)
  const isEnough = verdict === 'no-worse' && compared >= answersEnough && elapsedMs >= watchMsMin
  const isIdle = old.sent + next.sent < idleBelow && elapsedMs >= watchMsMin
  return { ...judgement, end: isLast || isEnough || isIdle ? 'passed' : 'not-yet' }
}
