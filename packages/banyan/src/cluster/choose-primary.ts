import type { MemberFacts } from '@banyan/postgres'

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
 * @param highest the largest term heard of until now
 */
export function choosePrimary(
  said: ReadonlyMap<string, Said>,
  highest: number,
  foreign: boolean,
): Reign | null {
  const candidates: Reign[] = []
  for (const [name, { facts, reigns }] of said) {
    const term = termOf(facts, foreign)
    if (facts.inRecovery || term === null || term < highest) continue
    if (!foreign && reigns !== null && reigns !== '' && reigns !== name) continue
    candidates.push({ name, term })
  }
  const [first, ...others] = candidates
  return first === undefined || others.length > 0 ? null : first
}
