import type { AnswerCounts } from '@banyan/model'

export type Answered = Pick<AnswerCounts, 'sent' | 'failed'>

/** What both releases answered in the same second or so: the same database, the same busy machine. */
export type Moment = { readonly old: Answered; readonly next: Answered }

/** The whole of them, of either release. */
export function wholeOf(moments: readonly Moment[]): Moment {
  const total = { old: { sent: 0, failed: 0 }, next: { sent: 0, failed: 0 } }
  for (const moment of moments) {
    for (const which of ['old', 'next'] as const) {
      total[which].sent += moment[which].sent
      total[which].failed += moment[which].failed
    }
  }
  return total
}

/** How much more often the new one failed, and how often the one before did; by what both answered at once. */
export type Excess = { readonly more: number; readonly old: number }

/**
 * Compares each moment by itself and weighs it by what it can tell (Mantel and Haenszel): one in which both
 * failed everything tells nothing, and hides nothing either. Both are 0 where nothing was answered by both.
 *
 * @example
 * excessOf([{ old: { sent: 900, failed: 900 }, next: { sent: 100, failed: 100 } }]).more // 0
 */
export function excessOf(moments: readonly Moment[]): Excess {
  let [weight, more, before] = [0, 0, 0]
  for (const { old, next } of moments) {
    const all = old.sent + next.sent
    if (all === 0) continue
    weight += (next.sent * old.sent) / all
    more += (next.failed * old.sent - old.failed * next.sent) / all
    before += (old.failed * next.sent) / all
  }
  return weight === 0 ? { more: 0, old: 0 } : { more: more / weight, old: before / weight }
}

/**
 * What the moments can tell: so many answers of the new one beside as many of an old one that answers without
 * end. A thousand of one beside none of the other are nothing.
 */
export const weightOf = (moments: readonly Moment[]): number =>
  moments.reduce((sum, { old, next }) => {
    const all = old.sent + next.sent
    return all === 0 ? sum : sum + (next.sent * old.sent) / all
  }, 0)

/** The longest stumble that is forgiven: this part of the moments, and never fewer than two. */
const stumblePart = 1 / 3

/** All but those in a row in which the new one did worst: what goes on is there without them too. */
export function withoutWorst(moments: readonly Moment[]): readonly Moment[] {
  const length = Math.max(2, Math.ceil(moments.length * stumblePart))
  const excess = moments.map(excessIn)
  let [worstAt, worst] = [0, Number.NEGATIVE_INFINITY]
  for (let at = 0; at + length <= moments.length; at++) {
    const found = excess.slice(at, at + length).reduce((all, one) => all + one, 0)
    if (found > worst) [worstAt, worst] = [at, found]
  }
  return [...moments.slice(0, worstAt), ...moments.slice(worstAt + length)]
}

/** How many more failed than if the new one had its part of all failures. */
function excessIn({ old, next }: Moment): number {
  const all = old.sent + next.sent
  return all === 0 ? 0 : next.failed - (next.sent * (old.failed + next.failed)) / all
}
