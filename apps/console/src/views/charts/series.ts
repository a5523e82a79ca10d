import type { MetricAnswer } from '@banyan/store/api'
import type { Window } from './window.ts'

/** A line of a chart: a value for each moment of its window, null where nothing is known. */
export type Line = {
  /** The same from answer to answer. */
  readonly key: string
  readonly label: string
  readonly values: readonly (number | null)[]
}

type Series = MetricAnswer['series'][number]

/** The labels of a series as one name that is the same whatever their order. */
export const keyOf = (labels: Readonly<Record<string, string>>): string =>
  Object.keys(labels)
    .toSorted()
    .map((name) => `${name}=${labels[name]}`)
    .join(',')

/**
 * Adds series up moment by moment. What is known of one is kept where others know nothing; where none knows
 * anything, the sum knows nothing either.
 */
export const addUp = (series: readonly Series[]): (number | null)[] => {
  const sum: (number | null)[] = []
  for (const { values } of series)
    values.forEach((value, at) => {
      if (value === null) sum[at] ??= null
      else sum[at] = (sum[at] ?? 0) + value
    })
  return sum
}

/** Whether a line says anything at all. */
export const known = (values: readonly (number | null)[]): boolean =>
  values.some((value) => value !== null)

/** The newest value that is known, and how many moments before the end it is. */
export const newest = (
  values: readonly (number | null)[],
): { readonly value: number; readonly age: number } | null => {
  for (let at = values.length - 1; at >= 0; at -= 1) {
    const value = values[at]
    if (value !== null && value !== undefined) return { value, age: values.length - 1 - at }
  }
  return null
}

/**
 * An answer moved into a window that went on: what both have is kept, what is new is taken from the newer answer, and
 * everything else is unknown. Both have the same step, and begin on whole steps.
 */
export const carryOn = (
  old: { readonly window: Window; readonly answer: MetricAnswer },
  newer: { readonly window: Window; readonly answer: MetricAnswer },
  window: Window,
): MetricAnswer => {
  const before = new Map(old.answer.series.map((series) => [keyOf(series.labels), series]))
  const after = new Map(newer.answer.series.map((series) => [keyOf(series.labels), series]))
  const keys = new Set([...before.keys(), ...after.keys()])
  const series = [...keys].map((key) => {
    const labels = (after.get(key) ?? before.get(key))?.labels ?? {}
    return {
      labels,
      values: joined(before.get(key), old.window, after.get(key), newer.window, window),
    }
  })
  // A series of which nothing is left has gone: its node, or its route.
  return { stepMs: window.stepMs, series: series.filter(({ values }) => known(values)) }
}

const joined = (
  before: Series | undefined,
  beforeWindow: Window,
  after: Series | undefined,
  afterWindow: Window,
  window: Window,
): (number | null)[] =>
  Array.from({ length: Math.round((window.to - window.from) / window.stepMs) }, (_, i) => {
    const at = window.from + i * window.stepMs
    // The newer answer speaks for all of its window, also where it knows nothing.
    if (at >= afterWindow.from && at < afterWindow.to) return valueAt(after, afterWindow, at)
    return valueAt(before, beforeWindow, at)
  })

const valueAt = (series: Series | undefined, window: Window, at: number): number | null =>
  series?.values[Math.round((at - window.from) / window.stepMs)] ?? null

/**
 * An answer as it stands in a window that another answer is of; undefined where their steps are not the same, since
 * what is drawn on one axis of time has to be of one.
 */
export const alignedTo = (
  known: { readonly window: Window; readonly answer: MetricAnswer },
  window: Window,
): MetricAnswer | undefined => {
  if (known.window.stepMs !== window.stepMs) return undefined
  if (known.window.from === window.from && known.window.to === window.to) return known.answer
  const empty = {
    window: { ...window, from: window.to },
    answer: { stepMs: window.stepMs, series: [] },
  }
  return carryOn(known, empty, window)
}
