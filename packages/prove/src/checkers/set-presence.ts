import type { SetRead } from '../history/operation.ts'
import type { Element } from './set-elements.ts'
import { completionOf } from './times.ts'

/** When an element must be shown: by every read that lies wholly between these two moments. */
export type Presence = {
  readonly element: Element
  readonly fromMs: number
  readonly toMs: number
  /** A read that showed it after its removal had been acknowledged. */
  readonly after: SetRead | null
}

/**
 * The time in which an element that was added once and removed at most once must have been there.
 *
 * It came at the latest when the add was acknowledged or a read that showed it was over, and it went
 * at the earliest when the removal, or the last read that showed it, began. That is exact: within
 * these bounds the two moments can be chosen freely, and every read outside them is explained.
 */
export function presenceOf(element: Element): Presence | null {
  const { adds, removes, firstShown, lastShown } = element
  const [add] = adds
  if (!add) return null
  const cameMs = Math.min(
    completionOf(add),
    firstShown ? completionOf(firstShown) : completionOf(add),
  )
  const stays = { element, fromMs: cameMs, toMs: Number.POSITIVE_INFINITY, after: null }
  const [remove] = removes
  // A removal before the add had nothing to remove.
  if (!remove || add.invokedMs > completionOf(remove)) return stays
  const fromMs = Math.min(cameMs, completionOf(remove))
  const isShownAfter = lastShown !== null && lastShown.invokedMs > completionOf(remove)
  if (!isShownAfter) {
    const toMs = Math.max(
      remove.invokedMs,
      add.invokedMs,
      lastShown?.invokedMs ?? Number.NEGATIVE_INFINITY,
    )
    return { element, fromMs, toMs, after: null }
  }
  // The removal overlapped the add, and came first.
  if (remove.invokedMs <= cameMs) return stays
  return { element, fromMs, toMs: remove.invokedMs, after: lastShown }
}

/** A read that should have shown elements and did not. */
export type Missing = { readonly read: SetRead; readonly missing: readonly Presence[] }

/** Finds the reads that lie within the presence of an element and do not show it, in one sweep. */
export function missingReads(
  reads: readonly SetRead[],
  presences: readonly Presence[],
  isShown: (read: SetRead, element: Element) => boolean,
): readonly Missing[] {
  const coming = [...presences].sort((a, b) => b.fromMs - a.fromMs)
  const byElement = new Map(presences.map((presence) => [presence.element.value, presence]))
  let there: Presence[] = []
  const found: Missing[] = []
  for (const read of reads) {
    for (let next = coming.at(-1); next && next.fromMs < read.invokedMs; next = coming.at(-1)) {
      there.push(next)
      coming.pop()
    }
    there = there.filter(({ toMs }) => toMs > read.invokedMs)
    const asked = read.among ? read.among.flatMap((value) => byElement.get(value) ?? []) : there
    const missing = asked.filter(
      (presence) => isWithin(read, presence) && !isShown(read, presence.element),
    )
    if (missing.length > 0) found.push({ read, missing })
  }
  return found
}

const isWithin = (read: SetRead, { fromMs, toMs }: Presence): boolean =>
  fromMs < read.invokedMs && completionOf(read) < toMs
