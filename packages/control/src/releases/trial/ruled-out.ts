import { tailBeyond } from './chance.ts'
import { type Moment, wholeOf, withoutWorst } from './moments.ts'

/** A release that fails this much more often than the one before is not to come live. */
export const harmfulPart = 0.05

/** So rarely a harmful release looks as if it were none; it is asked again and again. */
const missedMax = 1e-5

/** Moments in which the release before mostly failed say nothing of the new one. */
const outagePart = 0.5
const outageAnswersMin = 10

/**
 * Whether a release that fails 5% more of its requests than the one before would have failed plainly more by
 * now; without failures of either 231 answers tell. Without the worst of it too: who stumbled once and has
 * answered well for long is not harmful either.
 *
 * @example
 * isHarmRuledOut([{ old: { sent: 2_700, failed: 0 }, next: { sent: 300, failed: 0 } }]) // true
 * isHarmRuledOut([{ old: { sent: 900, failed: 0 }, next: { sent: 100, failed: 0 } }]) // false: 1 in 150
 */
export const isHarmRuledOut = (moments: readonly Moment[]): boolean =>
  chanceOfHarm(moments) < missedMax || chanceOfHarm(withoutWorst(moments)) < missedMax

/** How likely a harmful release is to fail so few. 1 where nothing tells. */
function chanceOfHarm(moments: readonly Moment[]): number {
  const telling = moments.filter(({ old }) => !isOutage(old.sent, old.failed))
  const { old, next } = wholeOf(telling)
  const rate = old.sent === 0 ? 0 : old.failed / old.sent
  // What it fails as the other one does is not known for sure, and the less, the fewer the other one answered.
  const usual = next.sent * rate
  const noise = old.sent === 0 ? 0 : usual * (1 - rate) * (1 + next.sent / old.sent)
  const harm = harmfulPart * next.sent * (1 - rate)
  return atMost(Math.max(0, Math.round(next.failed - usual + noise)), harm + noise)
}

const isOutage = (sent: number, failed: number): boolean =>
  sent >= outageAnswersMin && failed > outagePart * sent

/** From here on the bell curve is as good. */
const exactMeanMax = 500

/** How likely at most so many are where there are `mean` on the average (Poisson). */
function atMost(count: number, mean: number): number {
  if (mean > exactMeanMax) return tailBeyond((mean - count - 0.5) / Math.sqrt(mean))
  let term = Math.exp(-mean)
  let chance = term
  for (let n = 1; n <= count; n++) {
    term *= mean / n
    chance += term
  }
  return Math.min(1, chance)
}
