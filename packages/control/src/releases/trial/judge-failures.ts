import type { AnswerCounts } from '@banyan/model'
import { chanceIn, chanceOf } from './chance.ts'
import {
  type Answered,
  type Excess,
  excessOf,
  type Moment,
  weightOf,
  wholeOf,
  withoutWorst,
} from './moments.ts'
import { isHarmRuledOut } from './ruled-out.ts'
import { sayShare, sayShort, share } from './say.ts'

/** What was found out of the failures of a new release. */
export type FailuresFound = {
  readonly about: 'failures'
  /** How likely chance brings it about; 1 where it is not worse at all. */
  readonly chance: number
  readonly sentence: string
  /** What is known so far, whatever chance says of it. */
  readonly failures: FailuresKnown
}

/** `ruled-out`: it plainly does not fail 5% more often. `suspected`: it failed more. `unknown`: too few answers. */
export type FailuresKnown = 'ruled-out' | 'suspected' | 'unknown'

/** A few failures are noise, whatever the figures say. */
const failuresMin = 5

/**
 * A release may fail somewhat more often: nodes differ, and so does what each is asked. Half as often again,
 * but not so that many failures of the one before hide those of the new one.
 */
const failuresFactor = 0.5
const failuresMoreMax = 0.02
const failuresMore = 0.001

/** What its worst moments alone show is no proof, and is watched for longer. */
const stumbledChance = 0.01

/**
 * Where what both answered at once weighs no more, and is no more than this part of what the new one answered,
 * the old one is known by what it answered earlier: whatever it answered, it was not then.
 */
const besideEnough = 400
const besidePart = 0.05

/** An excess of failures of which one would like to know more. */
const suspiciousMore = 0.01

/** Judges the failures of a new release by all moments of its trial. */
export function judgeFailures(moments: readonly Moment[], before: AnswerCounts): FailuresFound {
  const beside = findBeside(moments)
  const weight = weightOf(moments)
  if (weight >= besideEnough || weight >= besidePart * wholeOf(moments).next.sent) return beside
  const after = findAfter(moments, before)
  return after.chance < beside.chance ? after : beside
}

/** By what both answered at the same time. */
function findBeside(moments: readonly Moment[]): FailuresFound {
  const { old, next } = wholeOf(moments)
  const found = isMore(next.failed, excessOf(moments)) ? chanceIn(moments) : 1
  const chance = found === 1 || goesOn(moments) ? found : Math.max(found, stumbledChance)
  return foundOf(chance, next, old, knownOf(moments, next.failed))
}

/** By what the one before had answered until then: now it gets next to nothing. */
function findAfter(moments: readonly Moment[], before: AnswerCounts): FailuresFound {
  const { old, next } = wholeOf(moments)
  const known = { sent: old.sent + before.sent, failed: old.failed + before.failed }
  const usual = Math.max(share(old.failed, old.sent), share(known.failed, known.sent))
  const excess = ({ sent, failed }: Answered): Excess => ({
    more: share(failed, sent) - usual,
    old: usual,
  })
  if (known.sent === 0 || !isMore(next.failed, excess(next))) {
    return foundOf(1, next, known, 'unknown')
  }
  const found = chanceOf(next.failed, next.sent, next.failed + known.failed, next.sent + known.sent)
  const rest = wholeOf(withoutWorst(moments)).next
  const chance = isBeyond(excess(rest)) ? found : Math.max(found, stumbledChance)
  return foundOf(chance, next, known, 'suspected')
}

const foundOf = (
  chance: number,
  next: Answered,
  old: Answered,
  failures: FailuresKnown,
): FailuresFound => ({
  about: 'failures',
  chance,
  sentence: `failed ${sayShare(next.failed, next.sent)}, the release before ${sayShort(old.failed, old.sent)}`,
  failures,
})

function knownOf(moments: readonly Moment[], failed: number): FailuresKnown {
  if (isHarmRuledOut(moments)) return 'ruled-out'
  return failed > 0 && excessOf(moments).more > suspiciousMore ? 'suspected' : 'unknown'
}

const isMore = (failed: number, excess: Excess): boolean =>
  failed >= failuresMin && isBeyond(excess)

const isBeyond = ({ more, old }: Excess): boolean =>
  more > Math.min(failuresFactor * old, failuresMoreMax) + failuresMore

/** Also without the moments in which it did worst: it stumbles where it does not. */
function goesOn(moments: readonly Moment[]): boolean {
  const rest = withoutWorst(moments)
  return isBeyond(excessOf(rest)) && chanceIn(rest) < stumbledChance
}
