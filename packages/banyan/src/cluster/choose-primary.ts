import { type MemberFacts, plantedFault } from '@banyan/postgres'

/** What a member said of itself, and whose reign its term is. */
export type Said = {
  readonly facts: MemberFacts
  /** Who wrote the term; null where nobody writes any. */
  readonly reigns: string | null
}

/** The member that takes writes, and since which term. */
export type Reign = { readonly name: string; readonly term: number }

/** The number that orders reigns: the term, or the timeline where somebody else promotes. */
export const termOf = ({ term, timeline }: MemberFacts, foreign: boolean): number | null =>
  foreign ? timeline : term

/**
 * Who takes writes, of the members as they last answered: not in recovery, and with the largest term
 * that this process has ever heard of, from whichever member. Where two have that term, or where it is
 * somebody else's, nobody does: such a server was superseded, or is not yet through with its promotion.
 *
 * Two promotions by somebody else may have one timeline, when the second did not know of the first. Which is
 * the later one is known of a member that was seen following while the other reigned: it was promoted since.
 *
 * @param highest the largest term heard of until now
 * @param last whom writes went to until now
 * @param later who was seen following since then, asked after `last` was known to reign
 */
export function choosePrimary(
  said: ReadonlyMap<string, Said>,
  highest: number,
  last: Reign | null,
  foreign: boolean,
  later: ReadonlySet<string>,
): Reign | null {
  const candidates: Reign[] = []
  const successors: Reign[] = []
  for (const [name, { facts, reigns }] of said) {
    const term = termOf(facts, foreign)
    if (facts.inRecovery || term === null || term < highest) continue
    const isAgain = last?.term === term && last.name !== name
    if (isAgain && foreign && later.has(name)) successors.push({ name, term })
    const isOthers = last?.term === term ? isAgain : isWrittenBy(reigns, name) === false
    if (isOthers && plantedFault !== 'equal-terms') continue
    candidates.push({ name, term })
  }
  const [first, ...others] = successors.length > 0 ? successors : candidates
  if (first === undefined) return null
  // The fault: either will do, now this one and now that.
  if (plantedFault === 'equal-terms') return candidates[Date.now() % candidates.length] ?? first
  return others.length === 0 ? first : null
}

/** Null where it does not say: the first reign is nobody's, and under foreign high availability all are. */
const isWrittenBy = (reigns: string | null, name: string): boolean | null =>
  reigns === null || reigns === '' ? null : reigns === name
