import type { SetChange, SetOperation, SetRead, Value } from '../history/operation.ts'
import { completionOf } from './times.ts'

/** All that a history says about one element. */
export type Element = {
  readonly value: Value
  readonly adds: SetChange[]
  readonly removes: SetChange[]
  /** Adds that were answered with a refusal. */
  readonly refused: SetChange[]
  /** The read that showed it and was over first, and the one that began last. */
  firstShown: SetRead | null
  lastShown: SetRead | null
  /** A read that showed it before any add had begun, and one that showed it more often than it was added. */
  early: SetRead | null
  doubled: { readonly read: SetRead; readonly times: number; readonly asked: number } | null
}

/** The elements of one set and its answered reads. */
export type SetHistory = {
  readonly elements: ReadonlyMap<Value, Element>
  readonly reads: readonly SetRead[]
  readonly shown: ReadonlyMap<SetRead, ReadonlySet<Value>>
}

/** Sorts the operations of one set by what they say about its elements. */
export function setHistory(operations: readonly SetOperation[]): SetHistory {
  const elements = new Map<Value, Element>()
  const reads: SetRead[] = []
  for (const operation of operations) {
    if (operation.f !== 'read') noteChange(elementOf(elements, operation.value), operation)
    else if (operation.outcome === 'ok') reads.push(operation)
  }
  const shown = new Map(reads.map((read) => [read, noteRead(elements, read)]))
  return { elements, reads, shown }
}

function elementOf(elements: Map<Value, Element>, value: Value): Element {
  const known = elements.get(value)
  if (known) return known
  const element: Element = {
    value,
    adds: [],
    removes: [],
    refused: [],
    firstShown: null,
    lastShown: null,
    early: null,
    doubled: null,
  }
  elements.set(value, element)
  return element
}

function noteChange(element: Element, change: SetChange): void {
  if (change.outcome !== 'fail') (change.f === 'add' ? element.adds : element.removes).push(change)
  else if (change.f === 'add') element.refused.push(change)
}

function noteRead(elements: Map<Value, Element>, read: SetRead): ReadonlySet<Value> {
  const values = new Set(read.value)
  for (const value of values) noteShown(elementOf(elements, value), read)
  if (values.size < read.value.length) {
    for (const [value, times] of repeatedIn(read.value)) {
      noteRepeated(elementOf(elements, value), read, times)
    }
  }
  return values
}

/** What was shown before it could be there proves nothing about when it was. */
function noteShown(element: Element, read: SetRead): void {
  const [first] = element.adds
  if (!first || completionOf(read) < first.invokedMs) {
    element.early ??= read
    return
  }
  if (!element.firstShown || completionOf(read) < completionOf(element.firstShown)) {
    element.firstShown = read
  }
  if (!element.lastShown || read.invokedMs >= element.lastShown.invokedMs) element.lastShown = read
}

function noteRepeated(element: Element, read: SetRead, times: number): void {
  const asked = element.adds.filter(({ invokedMs }) => invokedMs <= completionOf(read)).length
  if (times > Math.max(asked, 1)) element.doubled ??= { read, times, asked }
}

function repeatedIn(values: readonly Value[]): readonly (readonly [value: Value, times: number])[] {
  const counts = new Map<Value, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].filter(([, times]) => times > 1)
}
