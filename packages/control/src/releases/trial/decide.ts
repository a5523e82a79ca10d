import type { AnswerCounts } from '@banyan/model'
import { type Judgement, judgeTrial } from './judge-trial.ts'
import type { Answered, Moment } from './moments.ts'
import { isHarmRuledOut } from './ruled-out.ts'
import { share } from './say.ts'

/** What was watched so far of one service, the warm-up left out. */
export type Watched = {
  readonly old: AnswerCounts
  readonly next: AnswerCounts
  /** What the release before had answered until it was watched. */
  readonly before: AnswerCounts
  /** `next` in two: at first, and lately. */
  readonly halves: readonly AnswerCounts[]
  /** What both answered from one look to another. */
  readonly moments: readonly Moment[]
  /** For how long of it both were heard of. */
  readonly heardMs: number
  /** Since the first request could come, the warm-up included. */
  readonly elapsedMs: number
}

export type Decision = Judgement & { readonly end: 'worse' | 'passed' | 'not-yet' }

/** The first requests of a process meet code that was never compiled, and connections to be opened. */
export const warmUpMs = 2_000
export const watchMsMin = 5_000
/** Where there were answers enough, or will not be. */
export const watchMsUsual = 20_000
/** Where it failed more than the one before and it may be chance, or more answers would tell. */
export const watchMsMax = 120_000
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
/** So much of the time at least both were heard of, or what is known is of another time. */
const heardPart = 0.5

/** Whether a trial is over, and how. Pure. */
export function decide(watched: Watched): Decision {
  const judgement = judge(watched)
  const isWorse = (found: Judgement): boolean =>
    found.verdict === 'worse' && watched.elapsedMs >= judgeAfterMs[found.about ?? 'failures']
  if (isWorse(judgement)) return { ...judgement, end: 'worse' }
  if (isEnough(watched, judgement)) return { ...judgement, end: 'passed' }
  if (!isOver(watched, judgement)) return { ...judgement, end: 'not-yet' }
  const last = judge(watched, lastChanceMax)
  return { ...last, end: isWorse(last) ? 'worse' : 'passed' }
}

const judge = ({ old, next, moments, halves, before }: Watched, chanceMax?: number): Judgement =>
  judgeTrial(old, next, { moments, halves, before, ...(chanceMax !== undefined && { chanceMax }) })

function isEnough({ old, next, elapsedMs, ...heard }: Watched, { verdict }: Judgement): boolean {
  if (elapsedMs < watchMsMin) return false
  const isIdle = old.sent + next.sent < idleBelow && isHeard({ ...heard, elapsedMs })
  return isIdle || (verdict === 'no-worse' && Math.min(old.sent, next.sent) >= answersEnough)
}

/** Whether there is nothing more to wait for. */
function isOver(watched: Watched, { failures }: Judgement): boolean {
  if (watched.elapsedMs >= watchMsMax) return true
  if (watched.elapsedMs < watchMsUsual || !isHeard(watched)) return false
  if (failures === 'ruled-out') return true
  return failures === 'unknown' && !willTell(watched)
}

const isHeard = ({ heardMs, elapsedMs }: Pick<Watched, 'heardMs' | 'elapsedMs'>): boolean =>
  heardMs >= heardPart * (elapsedMs - warmUpMs)

/** Whether answers come so often that a good release will be known for one while there is time. */
function willTell({ moments, elapsedMs }: Watched): boolean {
  const factor = (watchMsMax - warmUpMs) / (elapsedMs - warmUpMs)
  const grown = moments.map(({ old, next }): Moment => {
    const failed = next.sent * share(old.failed, old.sent)
    return { old: times(old, factor), next: times({ sent: next.sent, failed }, factor) }
  })
  return isHarmRuledOut(grown)
}

const times = ({ sent, failed }: Answered, factor: number): Answered => ({
  sent: factor * sent,
  failed: factor * failed,
})
