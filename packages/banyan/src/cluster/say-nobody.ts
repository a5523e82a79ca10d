import { type Reign, type Said, termOf } from './choose-primary.ts'

/**
 * Why nobody takes writes, member by member: what an operator would have to ask each server for.
 *
 * @param said what each member said last; null: it gives no answer
 * @param highest the largest term heard of
 * @param last whom writes went to
 */
export function sayNobody(
  said: ReadonlyMap<string, Said | null>,
  highest: number,
  last: Reign | null,
  foreign: boolean,
): string {
  const word = foreign ? 'timeline' : 'term'
  const found = [...said].map(([name, one]) => {
    if (one === null) return `${name} gives no answer`
    if (one.facts.inRecovery) return `${name} follows`
    const term = termOf(one.facts, foreign)
    if (term === null) return `${name} does not say its ${word}`
    if (term < highest) return `${name} has ${word} ${term}, which ${word} ${highest} superseded`
    const other = last?.term === term && last.name !== name ? last.name : 'another one'
    return `${name} has ${word} ${term}, as ${other} had`
  })
  return found.join('; ')
}
