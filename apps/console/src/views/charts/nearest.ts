import type { Line } from './series.ts'

/** Which line of those that are known at a moment is nearest to a value; null where none is known. */
export const nearestLine = (lines: readonly Line[], at: number, value: number): Line | null => {
  const distance = (line: Line) => Math.abs((line.values[at] ?? Number.POSITIVE_INFINITY) - value)
  const [first] = lines
    .filter(({ values }) => values[at] !== null && values[at] !== undefined)
    .toSorted((a, b) => distance(a) - distance(b))
  return first ?? null
}

/** A stretch around a moment, for zooming in (a factor below 1) and out, kept within what is kept at all. */
export const zoomed = (
  window: { readonly from: number; readonly to: number },
  around: number,
  factor: number,
): { from: number; to: number } => {
  const length = Math.min(86_400_000, Math.max(10_000, (window.to - window.from) * factor))
  const part = (around - window.from) / (window.to - window.from)
  const from = Math.round(around - length * Math.min(1, Math.max(0, part)))
  return { from, to: Math.round(from + length) }
}

/** At most this many rows of a table: moments that are left out stand between those that are shown. */
export const rowsOf = (count: number, most: number): number[] => {
  const step = Math.max(1, Math.ceil(count / most))
  const rows: number[] = []
  for (let at = count - 1; at >= 0; at -= step) rows.push(at)
  return rows
}
