import { lengthOf, type Range } from './range.ts'

/** A window of time in whole steps: `from` and `to` are multiples of `stepMs`. */
export type Window = { readonly from: number; readonly to: number; readonly stepMs: number }

/** Steps that people count in. */
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((s) => s * 1000)

/** More points than this nobody tells apart, and a table of them nobody reads. */
const mostPoints = 720

/** Of what is older than an hour, ten seconds is the finest that is kept. */
const fineForMs = 3_600_000
const coarseStepMs = 10_000

/** What is younger may still be on its way from a node to the store. */
const settleMs = 1_200

/**
 * The smallest step that people count in at which a stretch has at most a point a pixel, and no finer one than is
 * kept of its beginning.
 *
 * @example
 * stepFor({ lengthMs: 300_000, pixels: 600, ageMs: 300_000 }) // 1000
 */
export const stepFor = (asked: { lengthMs: number; pixels: number; ageMs: number }): number => {
  const points = Math.max(10, Math.min(mostPoints, Math.floor(asked.pixels)))
  const kept = asked.ageMs > fineForMs + 60_000 ? coarseStepMs : 1000
  const fits = (step: number) => step >= kept && asked.lengthMs / step <= points
  return steps.find(fits) ?? Math.ceil(asked.lengthMs / points / 3_600_000) * 3_600_000
}

/**
 * The window that a range is at this moment. A live one ends with the last whole step that has settled, so that the
 * newest point never dips because half of it is missing.
 */
export const windowOf = (range: Range, now: number, pixels: number): Window => {
  const end = range.kind === 'live' ? now - settleMs : range.to
  const start = end - lengthOf(range)
  const stepMs = stepFor({ lengthMs: lengthOf(range), pixels, ageMs: now - start })
  const to = range.kind === 'live' ? Math.floor(end / stepMs) : Math.ceil(end / stepMs)
  const count = Math.max(1, Math.round(lengthOf(range) / stepMs))
  return { from: (to - count) * stepMs, to: to * stepMs, stepMs }
}

/** The moments of a window, in seconds, as charts want them. */
export const momentsOf = ({ from, to, stepMs }: Window): number[] =>
  Array.from({ length: Math.round((to - from) / stepMs) }, (_, i) => (from + i * stepMs) / 1000)
