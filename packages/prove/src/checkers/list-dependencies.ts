import type { ListOperation, Value } from '../history/operation.ts'
import { type Graph, GraphBuilder } from './list-graph.ts'
import type { List, ListHistory } from './list-histories.ts'
import { completionOf } from './times.ts'

/** Beyond so many pairs of a reader and an unseen writer the order of these is left open. */
const pairsMax = 200_000

/**
 * The order that a history demands of its transactions, after Adya and Elle.
 *
 * A list shows the order of its versions. So of two neighbouring elements the writer of the first comes
 * before that of the second (ww), the writer of an element before who saw it last (wr), and who saw a
 * list end before the writer of the next element (rw). Elements that were acknowledged and never seen
 * come after all that were. With `inRealTime` a transaction also comes before those that began after
 * its end (time).
 */
export function dependencyGraph(history: ListHistory, inRealTime: boolean): Graph {
  const builder = new GraphBuilder(history.transactions.length)
  const committed = seenWriters(history)
  for (const list of history.lists.values()) addList(builder, list, history, committed)
  if (inRealTime) addTime(builder, history)
  return builder.build()
}

function addList(
  builder: GraphBuilder,
  list: List,
  { transactions }: ListHistory,
  committed: ReadonlySet<number>,
): void {
  const writerOf = (element: Value | undefined): number | undefined =>
    element === undefined || list.shared.has(element) ? undefined : list.writers.get(element)
  const order = list.longest
  // The neighbours of a list that holds something twice prove nothing.
  if (new Set(order).size < order.length) return
  for (let at = 1; at < order.length; at += 1) {
    const [before, after] = [writerOf(order[at - 1]), writerOf(order[at])]
    if (before !== undefined && after !== undefined) builder.addEdge(before, after, 'ww')
  }
  for (const read of list.reads) {
    if (!isBeginningOf(read.elements, order)) continue
    const { transaction, outside } = read
    const [seen, next] = [writerOf(order[outside - 1]), writerOf(order[outside])]
    if (seen !== undefined) builder.addEdge(seen, transaction, 'wr')
    if (next !== undefined) builder.addEdge(transaction, next, 'rw')
  }
  const unseen = unseenWriters(list, transactions, committed)
  if (unseen.size > 0) addUnseen(builder, list, unseen, writerOf(order.at(-1)))
}

/** Whether a read fits into the order of the versions. */
export const isBeginningOf = (elements: readonly Value[], order: readonly Value[]): boolean =>
  elements.every((element, at) => order[at] === element)

/** The transactions of which anything was seen: one that was never answered has happened then. */
function seenWriters({ lists }: ListHistory): ReadonlySet<number> {
  const seen = new Set<number>()
  for (const { longest, writers, shared } of lists.values()) {
    for (const element of longest) {
      const writer = writers.get(element)
      if (writer !== undefined && !shared.has(element)) seen.add(writer)
    }
  }
  return seen
}

/** Who appended something that nobody ever saw, though the transaction has happened. */
function unseenWriters(
  list: List,
  transactions: readonly ListOperation[],
  committed: ReadonlySet<number>,
): ReadonlySet<number> {
  const seen = new Set(list.longest)
  const unseen = new Set<number>()
  for (const [element, writer] of list.writers) {
    const isCertain = transactions[writer]?.outcome === 'ok' || committed.has(writer)
    const isNamed = list.shared.has(element) || list.lost.has(element)
    if (isCertain && !seen.has(element) && !isNamed) unseen.add(writer)
  }
  return unseen
}

/** A transaction that saw the end of a list comes before the writers of what nobody ever saw. */
function addUnseen(
  builder: GraphBuilder,
  list: List,
  unseen: ReadonlySet<number>,
  lastWriter: number | undefined,
): void {
  const readers = new Set(
    list.reads
      .filter(({ outside, elements }) => {
        return outside === list.longest.length && isBeginningOf(elements, list.longest)
      })
      .map(({ transaction }) => transaction),
  )
  if (lastWriter !== undefined) {
    for (const writer of unseen) builder.addEdge(lastWriter, writer, 'ww')
  }
  if (readers.size * unseen.size > pairsMax) return
  for (const reader of readers) for (const writer of unseen) builder.addEdge(reader, writer, 'rw')
}

/** A chain of moments, one for each end: who is over leads into it, and who begins later comes out. */
function addTime(builder: GraphBuilder, { transactions }: ListHistory): void {
  const byEnd = [...transactions.entries()]
    .filter(([, transaction]) => transaction.outcome === 'ok')
    .sort(([, a], [, b]) => completionOf(a) - completionOf(b))
  const byBegin = [...transactions.entries()].sort(([, a], [, b]) => a.invokedMs - b.invokedMs)
  let next = 0
  let moment: number | undefined
  for (const [number, { invokedMs }] of byBegin) {
    for (let end = byEnd[next]; end && completionOf(end[1]) < invokedMs; end = byEnd[next]) {
      const following = builder.addNode()
      if (moment !== undefined) builder.addEdge(moment, following, 'time')
      builder.addEdge(end[0], following, 'time')
      moment = following
      next += 1
    }
    if (moment !== undefined) builder.addEdge(moment, number, 'time')
  }
}
