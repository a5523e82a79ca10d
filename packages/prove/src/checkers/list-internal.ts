import type { ListOperation, Value } from '../history/operation.ts'
import type { Anomaly } from './anomaly.ts'
import { sayBegin, saySome, sayValue } from './say.ts'

/**
 * Transactions that do not see their own appends, or, where they have a snapshot, what they read before.
 */
export function judgeInternal(
  key: string,
  transactions: readonly ListOperation[],
  hasSnapshot: boolean,
): readonly Anomaly[] {
  return transactions
    .filter(({ outcome }) => outcome === 'ok')
    .flatMap((transaction) => internalOf(key, transaction, hasSnapshot))
}

/** What a transaction knows of one list: all of it once it was read, else only its own end. */
type Known = { readonly elements: readonly Value[]; readonly isWhole: boolean }

function internalOf(
  key: string,
  transaction: ListOperation,
  hasSnapshot: boolean,
): readonly Anomaly[] {
  const known = new Map<string, Known>()
  for (const step of transaction.value) {
    const name = 'append' in step ? step.append[0] : step.read
    const before = known.get(name) ?? { elements: [], isWhole: false }
    if ('append' in step) {
      known.set(name, { ...before, elements: [...before.elements, step.append[1]] })
    } else if (step.elements) {
      if (!fits(step.elements, before)) {
        const sentence =
          `${key}: the transaction at ${sayBegin(transaction)} read list ${sayValue(name)} as ` +
          `${saySome(step.elements.slice(-5))} after it had itself seen or appended ${saySome(before.elements.slice(-5))}.`
        return [{ kind: 'internal', key, sentence, operations: [transaction] }]
      }
      if (hasSnapshot) known.set(name, { elements: step.elements, isWhole: true })
    }
  }
  return []
}

function fits(elements: readonly Value[], { elements: known, isWhole }: Known): boolean {
  const from = elements.length - known.length
  if (isWhole && from !== 0) return false
  return from >= 0 && known.every((element, at) => elements[from + at] === element)
}
