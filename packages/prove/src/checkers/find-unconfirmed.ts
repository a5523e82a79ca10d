import type {
  RegisterOperation,
  RegisterWrite,
  SetChange,
  SetOperation,
  Value,
} from '../history/operation.ts'
import { byKey } from './by-key.ts'
import { sayBegin, sayEnd, sayValue } from './say.ts'
import { completionOf, isBefore } from './times.ts'

/**
 * Removals that were answered with "nothing is there", of things that were acknowledged and that no read
 * had shown: one sentence for each.
 *
 * Such an answer has two explanations that look alike from outside: whoever stands in between tried the
 * removal twice and we heard of the second try only, or the acknowledged write was lost before. A read that
 * showed the thing decides it; without one nothing is proven, neither the loss nor that there was none.
 * A second removal of the same thing explains the answer too.
 *
 * @example
 * findUnconfirmed(history) // ['comments: "hello" was acknowledged at 0.010 s, …']
 */
export function findUnconfirmed(
  operations: readonly (SetOperation | RegisterOperation)[],
): readonly string[] {
  const sentences: string[] = []
  for (const [key, history] of byKey(operations)) {
    for (const removal of history.filter(isFoundGone)) {
      const put = lastPut(history, removal)
      if (!put || isExplained(history, put, removal)) continue
      sentences.push(
        `${key}: ${sayValue(put.value)} was acknowledged at ${sayEnd(put)}, no read showed it, ` +
          `and its removal at ${sayBegin(removal)} was answered with "nothing is there".`,
      )
    }
  }
  return sentences
}

type Change = SetChange | RegisterWrite
type History = readonly (SetOperation | RegisterOperation)[]

const isFoundGone = (operation: SetOperation | RegisterOperation): operation is Change =>
  'foundGone' in operation && operation.foundGone === true

/** The acknowledged write that the removal should have found, the latest of several. */
function lastPut(history: History, removal: Change): (Change & { readonly value: Value }) | null {
  const puts = history.filter(
    (operation): operation is Change & { readonly value: Value } =>
      isPut(operation) &&
      operation.outcome === 'ok' &&
      isOf(operation, removal) &&
      isBefore(operation, removal),
  )
  return puts.reduce<(typeof puts)[number] | null>(
    (latest, put) => (latest && latest.invokedMs > put.invokedMs ? latest : put),
    null,
  )
}

const isPut = ({ f, value }: SetOperation | RegisterOperation): boolean =>
  f === 'add' || (f === 'write' && value !== null)

const isTaken = ({ f, value }: SetOperation | RegisterOperation): boolean =>
  f === 'remove' || (f === 'write' && value === null)

/** Of a set, changes are of one element; of a register, of the one value that there is. */
const isOf = (change: SetOperation | RegisterOperation, removal: Change): boolean =>
  removal.f === 'write' || change.value === removal.value

/** Whether a read showed it in time, or another removal may have been the one that took it. */
function isExplained(history: History, put: Change, removal: Change): boolean {
  return history.some((operation) => {
    if (operation === removal || operation.outcome === 'fail') return false
    if (operation.f === 'read') {
      const isInTime =
        completionOf(operation) <= completionOf(removal) && operation.invokedMs >= put.invokedMs
      return isInTime && shows(operation.value, removal)
    }
    const isOther = isTaken(operation) && isOf(operation, removal)
    return isOther && !isBefore(operation, put) && !isBefore(removal, operation)
  })
}

const shows = (shown: Value | null | readonly Value[], removal: Change): boolean =>
  Array.isArray(shown)
    ? shown.includes(removal.value as Value)
    : removal.f === 'write' && shown !== null
