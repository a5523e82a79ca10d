import { type Found, hasCommitted, isAboutRow, probe, readSnapshot } from './narrow-probe.ts'
import type { Session } from './session.ts'
import type { Compiled } from './sql.ts'

const attemptsMax = 10

/**
 * Whether a statement that found nothing under its key finds something without one.
 *
 * The second run has a later snapshot than the first: what it finds may be a row of the right key that
 * came in between. So both are run once more, and believed when no transaction that wrote was
 * committed meanwhile. Where others write all the time nothing is said: a correct app is never accused.
 */
export async function findsElsewhere(session: Session, given: Compiled): Promise<boolean> {
  const compiled = waiting(given)
  const finds = async (among: 'every key' | 'its key'): Promise<boolean> =>
    isFind(await probe(session, compiled, among))
  if (!(await finds('every key'))) return false
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const snapshot = await readSnapshot(session)
    if (await finds('its key')) return false
    if (!(await finds('every key'))) return false
    if (!(await hasCommitted(session, snapshot))) return true
  }
  return false
}

const isFind = (found: Found): boolean =>
  'count' in found ? found.count > 0 : isAboutRow(found.error)

/**
 * Whether a statement that found something under its key finds more without one: narrow mode hides
 * that, and nothing else will. Errors and doubts mean no.
 */
export async function findsMore(session: Session, given: Compiled): Promise<boolean> {
  const compiled = waiting(given)
  const count = async (among: 'every key' | 'its key'): Promise<number | null> => {
    const found = await probe(session, compiled, among)
    return 'count' in found ? found.count : null
  }
  const snapshot = await readSnapshot(session)
  const before = await count('its key')
  const all = await count('every key')
  if (before === null || all === null || all <= before) return false
  return (await count('its key')) === before && !(await hasCommitted(session, snapshot))
}

/**
 * Without SKIP LOCKED: a row that somebody let go of in between is no row of another key, and no
 * commit tells of it.
 */
const waiting = ({ text, values }: Compiled): Compiled => ({
  text: text.replace(/\bskip\s+locked\b/gi, ''),
  values,
})
