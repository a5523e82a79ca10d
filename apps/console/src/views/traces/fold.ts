import type { Row } from './waterfall.ts'

/** The rows below a row, in the order in which all stand. */
export const rowsBelow = (rows: readonly Row[], at: number): readonly Row[] => {
  const depth = rows[at]?.depth ?? 0
  const end = rows.findIndex((row, index) => index > at && row.depth <= depth)
  return rows.slice(at + 1, end < 0 ? rows.length : end)
}

/** A row that is seen, and what of it is not. */
export type Shown = {
  readonly row: Row
  /** How many rows stand below it, seen or not. */
  readonly below: number
  readonly isFolded: boolean
  /** How many of those that are folded away ended in an error. */
  readonly errorsFolded: number
}

/**
 * The rows that are seen when those in `folded`, by the id of their span, hide what is below them.
 *
 * @example shownRows(rows, new Set()).length === rows.length // true
 */
export const shownRows = (rows: readonly Row[], folded: ReadonlySet<string>): readonly Shown[] => {
  const shown: Shown[] = []
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] as Row
    const below = rowsBelow(rows, at)
    const isFolded = below.length > 0 && folded.has(row.span.span)
    const errorsFolded = isFolded ? below.filter(({ span }) => span.error !== null).length : 0
    shown.push({ row, below: below.length, isFolded, errorsFolded })
    if (isFolded) at += below.length
  }
  return shown
}

/** Another set, with a span folded or not. */
export const foldedAfter = (
  folded: ReadonlySet<string>,
  span: string,
  isFolded: boolean,
): ReadonlySet<string> => {
  const after = new Set(folded)
  if (isFolded) after.add(span)
  else after.delete(span)
  return after
}

/** All that have something below them, but for the first: what is left is the outline. */
export const foldable = (rows: readonly Row[]): readonly string[] =>
  rows.flatMap(({ span, depth }, at) =>
    depth > 0 && rowsBelow(rows, at).length > 0 ? [span.span] : [],
  )
