import { findsMore } from './narrow-check.ts'
import type { Session } from './session.ts'
import type { Compiled } from './sql.ts'
import { type Narrowed, namedTables, shorten } from './wrong-key.ts'

const textsMax = 1_000

/** How often each statement was run, and whether it was warned of. */
const runs = new Map<string, number>()

/**
 * Warns once of a statement that finds more without its key: it lacks a condition on it, and outside of
 * narrow mode would give, change or delete the rows of others. No error, as here it does what is meant.
 *
 * Looked at in its 1st, 2nd, 4th, 8th… run, so that it costs next to nothing in the long run, and is
 * seen all the same once there are rows of other keys.
 */
export async function warnOfMore(
  session: Session,
  { key, tables }: Narrowed,
  compiled: Compiled,
): Promise<void> {
  const { text } = compiled
  const named = namedTables(text, tables)
  if (named.length === 0 || !isDue(text) || !(await findsMore(session, compiled))) return
  runs.set(text, Number.POSITIVE_INFINITY)
  const columns = named.map(({ name, by }) => `${name}.${by}`).join(', ')
  process.emitWarning(
    `In the scope of the key ${JSON.stringify(key)} a statement has no condition on it, and finds rows of other keys where narrow mode is off: ${shorten(text)}`,
    {
      type: 'BanyanWarning',
      code: 'BANYAN_KEY_UNSAID',
      detail: `Compare with the key of the scope: the shard key is ${columns}.`,
    },
  )
}

function isDue(text: string): boolean {
  const count = (runs.get(text) ?? 0) + 1
  if (runs.size >= textsMax && count === 1) runs.clear()
  runs.set(text, count)
  return Number.isInteger(Math.log2(count))
}
