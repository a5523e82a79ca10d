import type { MetricAnswer } from '@banyan/store/api'
import { addUp, known, type Line, newest } from './series.ts'

type Series = MetricAnswer['series'][number]
type Values = readonly (number | null)[]

/** Moment by moment what the first says, and where it says nothing the next. */
export const firstKnown = (...lines: readonly Values[]): (number | null)[] => {
  const length = Math.max(0, ...lines.map((values) => values.length))
  return Array.from({ length }, (_, at) => {
    for (const values of lines) {
      const value = values[at]
      if (value !== null && value !== undefined) return value
    }
    return null
  })
}

/** Those of an answer whose labels fit, added up. */
export const sumWhere = (
  answer: MetricAnswer | undefined,
  fits: (labels: Series['labels']) => boolean,
): (number | null)[] => addUp((answer?.series ?? []).filter(({ labels }) => fits(labels)))

/**
 * A count of something rare: nothing where the whole is known and it is not. A counter that never counted has no
 * series, and no error is another thing than not knowing.
 */
export const zeroWhereKnown = (rare: Values, whole: Values): (number | null)[] =>
  whole.map((value, at) => (value === null ? null : (rare[at] ?? 0)))

/** More lines than this nobody tells apart. */
export const mostLines = 7

/**
 * A line for each value of a label, in the order of the names; of many the largest, and how many were left out.
 */
export const lineEach = (answer: MetricAnswer | undefined, label: string): Line[] =>
  (answer?.series ?? [])
    .filter(({ values }) => known(values))
    .map(({ labels, values }) => ({
      key: labels[label] ?? '',
      label: labels[label] || 'other',
      values,
    }))
    .toSorted((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }))

/** The lines that are drawn; those that are left out are the smallest at the end. */
export const drawn = (lines: readonly Line[]): { drawn: readonly Line[]; leftOut: number } => {
  if (lines.length <= mostLines) return { drawn: lines, leftOut: 0 }
  const size = (line: Line) => newest(line.values)?.value ?? Number.NEGATIVE_INFINITY
  const largest = new Set(lines.toSorted((a, b) => size(b) - size(a)).slice(0, mostLines))
  return { drawn: lines.filter((line) => largest.has(line)), leftOut: lines.length - mostLines }
}
