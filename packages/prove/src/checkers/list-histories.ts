import type { ListOperation, Value } from '../history/operation.ts'

/** A step of a transaction that read a list, with what it saw. */
export type ListRead = {
  readonly transaction: number
  readonly list: string
  readonly elements: readonly Value[]
  /** The elements without those that the transaction itself had appended at their end. */
  readonly outside: number
}

/** One list: who appended what, what was read of it, and the order of its versions. */
export type List = {
  readonly name: string
  /** The transactions that may have appended each element, by number. */
  readonly writers: Map<Value, number>
  /** Elements of transactions that were refused. */
  readonly refused: Map<Value, ListOperation>
  /** Elements that several transactions appended: they say nothing about which was read. */
  readonly shared: Set<Value>
  readonly reads: ListRead[]
  /** Elements that were acknowledged and missing after the run. */
  readonly lost: Set<Value>
  /** The longest read: as every other is its beginning, it is the order of the versions. */
  longest: readonly Value[]
}

/** A group of lists with the transactions that were, or may have been, done to them. */
export type ListHistory = {
  readonly transactions: readonly ListOperation[]
  readonly lists: ReadonlyMap<string, List>
}

/** Sorts the transactions of one group of lists by what they say about each list. */
export function listHistory(operations: readonly ListOperation[]): ListHistory {
  const lists = new Map<string, List>()
  const transactions = operations.filter(({ outcome }) => outcome !== 'fail')
  for (const [number, transaction] of transactions.entries())
    noteAppends(lists, transaction, number)
  for (const operation of operations) {
    if (operation.outcome === 'fail') noteAppends(lists, operation, null)
  }
  for (const [number, transaction] of transactions.entries()) {
    if (transaction.outcome === 'ok') noteReads(lists, transaction, number)
  }
  return { transactions, lists }
}

function listOf(lists: Map<string, List>, name: string): List {
  const known = lists.get(name)
  if (known) return known
  const list: List = {
    name,
    writers: new Map(),
    refused: new Map(),
    shared: new Set(),
    lost: new Set(),
    reads: [],
    longest: [],
  }
  lists.set(name, list)
  return list
}

function noteAppends(
  lists: Map<string, List>,
  operation: ListOperation,
  number: number | null,
): void {
  for (const step of operation.value) {
    if (!('append' in step)) continue
    const [name, value] = step.append
    const list = listOf(lists, name)
    if (number === null) list.refused.set(value, operation)
    else if (list.writers.has(value)) list.shared.add(value)
    else list.writers.set(value, number)
  }
}

function noteReads(lists: Map<string, List>, { value }: ListOperation, transaction: number): void {
  const own = new Map<string, Value[]>()
  for (const step of value) {
    if ('append' in step) {
      const [name, element] = step.append
      own.set(name, [...(own.get(name) ?? []), element])
    } else if (step.elements) {
      const list = listOf(lists, step.read)
      const outside = lengthBefore(step.elements, own.get(step.read) ?? [])
      list.reads.push({ transaction, list: step.read, elements: step.elements, outside })
      if (step.elements.length > list.longest.length) list.longest = step.elements
    }
  }
}

/** How much of a list was there before a transaction's own elements at its end. */
function lengthBefore(elements: readonly Value[], own: readonly Value[]): number {
  const from = elements.length - own.length
  return from >= 0 && own.every((element, at) => elements[from + at] === element)
    ? from
    : elements.length
}
