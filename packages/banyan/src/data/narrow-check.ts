import { type Found, hasCommitted, isAboutRow, probe, readSnapshot } from './narrow-probe.ts'
import type { Session } from './session.ts'
import type { Compiled } from './sql.ts'

/** How often the pair is run again because somebody wrote meanwhile. */
const attemptsMax = 10

/** A statement that leaves to chance what it finds finds nothing this many times, and then something, by no chance. */
const chancePairs = 12

/**
 * Whether a statement that found nothing under its key finds something without one.
 *
 * The second run has a later snapshot than the first: what it finds may be a row of the right key that
 * came in between. So both are run once more, and believed when no transaction that wrote was
 * committed meanwhile. Where others write all the time nothing is said: a correct app is never accused.
 * What leaves to chance which rows it finds (`random()`, TABLESAMPLE) has to differ again and again.
 */
export async function findsElsewhere(session: Session, given: Compiled): Promise<boolean> {
  const compiled = waiting(given)
  const finds = async (among: 'every key' | 'its key'): Promise<boolean> =>
    isFind(await probe(session, compiled, among))
  if (!(await finds('every key'))) return false
  let [wanted, disturbed] = [isByChance(compiled) ? chancePairs : 1, 0]
  while (disturbed < attemptsMax) {
    const snapshot = await readSnapshot(session)
    if (await finds('its key')) return false
    if (!(await finds('every key'))) return false
    if (await hasCommitted(session, snapshot)) disturbed += 1
    else wanted -= 1
    if (wanted === 0) return true
  }
  return false
}

const isByChance = ({ text }: Compiled): boolean => /random|\btablesample\b/i.test(text)

const isFind = (found: Found): boolean =>
  'count' in found ? found.count > 0 : isAboutRow(found.error)

/**
 * Whether a statement that found something under its key finds more without one: narrow mode hides
 * that, and nothing else will. Errors and doubts mean no, and so does what would leave a trace.
 */
export async function findsMore(session: Session, given: Compiled): Promise<boolean> {
  if (isByChance(given) || leavesTrace(given)) return false
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
 * Whether a second run would be seen by the app afterwards, although it is rolled back: `currval` would
 * tell of a later number than that of the row, and a lock of the session would be held once more than
 * it is let go.
 */
const leavesTrace = ({ text }: Compiled): boolean =>
  /\binsert\b|\b(?:nextval|setval)\s*\(|advisory_(?:un)?lock/i.test(text)

/**
 * Without SKIP LOCKED: a row that somebody let go of in between is no row of another key, and no
 * commit tells of it.
 */
const waiting = ({ text, values }: Compiled): Compiled => ({
  text: text.replace(/\bskip\s+locked\b/gi, ''),
  values,
})
