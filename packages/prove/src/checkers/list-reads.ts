import type { ListOperation, Value } from '../history/operation.ts'
import type { Anomaly, AnomalyKind } from './anomaly.ts'
import { isBeginningOf } from './list-dependencies.ts'
import type { List, ListHistory, ListRead } from './list-histories.ts'
import { sayBegin, sayEnd, saySome, sayValue } from './say.ts'
import { isBefore } from './times.ts'

/**
 * What is wrong with single reads, before any order is looked for: elements from nowhere, from refused
 * transactions (G1a) or from the middle of one (G1b), twice the same, no common order, and elements
 * that are missing after the run.
 */
export function judgeReads(key: string, history: ListHistory): readonly Anomaly[] {
  return [...history.lists.values()].flatMap((list) => {
    const name = `${key}: list ${sayValue(list.name)}`
    const say = (kind: AnomalyKind, text: string, ...operations: ListOperation[]): Anomaly => ({
      kind,
      key,
      sentence: `${name} ${text}.`,
      operations,
    })
    return [
      ...strangers(list, history, say),
      ...repeated(list, history, say),
      ...incompatible(list, history, say),
      ...intermediate(list, history, say),
      ...lost(list, history, say),
    ]
  })
}

type Say = (kind: AnomalyKind, text: string, ...operations: ListOperation[]) => Anomaly

const readerOf = ({ transactions }: ListHistory, { transaction }: ListRead): ListOperation =>
  transactions[transaction] as ListOperation

/** Each element of unknown or refused origin is named once, at the first read that shows it. */
function strangers(list: List, history: ListHistory, say: Say): readonly Anomaly[] {
  const seen = new Set<Value>()
  const found: Anomaly[] = []
  for (const read of list.reads) {
    for (const element of read.elements) {
      if (list.writers.has(element) || seen.has(element)) continue
      seen.add(element)
      const [reader, refused] = [readerOf(history, read), list.refused.get(element)]
      const shown = `showed ${sayValue(element)} at ${sayBegin(reader)}, `
      found.push(
        refused
          ? say(
              'G1a',
              `${shown}the append of which was refused at ${sayEnd(refused)}`,
              refused,
              reader,
            )
          : say('phantom', `${shown}which nobody appended`, reader),
      )
    }
  }
  return found
}

function repeated(list: List, history: ListHistory, say: Say): readonly Anomaly[] {
  const seen = new Set<Value>()
  const found: Anomaly[] = []
  for (const read of list.reads) {
    const once = new Set<Value>()
    if (new Set(read.elements).size === read.elements.length) continue
    for (const element of read.elements) {
      if (once.has(element) && !seen.has(element) && !list.shared.has(element)) {
        seen.add(element)
        const reader = readerOf(history, read)
        found.push(
          say('doubled', `showed ${sayValue(element)} twice at ${sayBegin(reader)}`, reader),
        )
      }
      once.add(element)
    }
  }
  return found
}

/** One for each list: how many reads disagree with the longest one is less telling than that one does. */
function incompatible(list: List, history: ListHistory, say: Say): readonly Anomaly[] {
  const odd = list.reads.find(({ elements }) => !isBeginningOf(elements, list.longest))
  if (!odd) return []
  const at = odd.elements.findIndex((element, index) => list.longest[index] !== element)
  const reader = readerOf(history, odd)
  const longest = list.reads.find(({ elements }) => elements === list.longest)
  const text =
    `was read in two orders: at ${sayBegin(reader)} with ${saySome(odd.elements.slice(at), 3)} ` +
    `where the longest read has ${saySome(list.longest.slice(at), 3)}`
  return [say('incompatible-order', text, ...(longest ? [readerOf(history, longest)] : []), reader)]
}

/** Who appends twice to a list must never be seen after the first append alone. */
function intermediate(list: List, history: ListHistory, say: Say): readonly Anomaly[] {
  for (const read of list.reads) {
    const element = read.elements[read.outside - 1]
    const writer = element === undefined ? undefined : list.writers.get(element)
    if (element === undefined || writer === undefined || writer === read.transaction) continue
    const [from, reader] = [history.transactions[writer] as ListOperation, readerOf(history, read)]
    if (list.shared.has(element) || lastAppendOf(from, list.name) === element) continue
    const text = `showed ${sayValue(element)} at ${sayBegin(reader)} without what the same transaction appended after it`
    return [say('G1b', text, from, reader)]
  }
  return []
}

function lastAppendOf({ value }: ListOperation, name: string): Value | undefined {
  const last = value.findLast((step) => 'append' in step && step.append[0] === name)
  return last && 'append' in last ? last.append[1] : undefined
}

/** Elements that are missing here are left out of the search for orders: they are named already. */
function lost(list: List, history: ListHistory, say: Say): readonly Anomaly[] {
  const found: Anomaly[] = []
  for (const read of list.reads) {
    const reader = readerOf(history, read)
    if (!reader.final) continue
    const there = new Set(read.elements)
    for (const [element, writer] of list.writers) {
      const from = history.transactions[writer] as ListOperation
      if (there.has(element) || list.lost.has(element) || !isBefore(from, reader)) continue
      list.lost.add(element)
      const text = `had ${sayValue(element)} acknowledged at ${sayEnd(from)}, but not shown after the run`
      found.push(say('lost', text, from, reader))
    }
  }
  return found
}
