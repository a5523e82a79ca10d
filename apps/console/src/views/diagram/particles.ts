import { pointAt } from './curves.ts'
import type { Curve, FlowKind } from './layout-types.ts'

/** How what moves is shown: dots on a line, more and faster where more moves. No figure is read from it. */

/** Points along a curve, evenly apart in length, so that dots move at one speed. */
export type Track = { readonly length: number; readonly points: Float64Array }

const fine = 48

export function trackOf(curve: Curve): Track {
  const raw = Array.from({ length: fine + 1 }, (_, index) => pointAt(curve, index / fine))
  const lengths = [0]
  for (let index = 1; index <= fine; index++) {
    const [one, other] = [raw[index - 1], raw[index]]
    if (one === undefined || other === undefined) break
    lengths.push((lengths[index - 1] ?? 0) + Math.hypot(other.x - one.x, other.y - one.y))
  }
  const length = lengths.at(-1) ?? 0
  const points = new Float64Array(2 * (fine + 1))
  for (let index = 0, at = 0; index <= fine; index++) {
    const wanted = (length * index) / fine
    while (at < fine - 1 && (lengths[at + 1] ?? 0) < wanted) at++
    const [start, end] = [lengths[at] ?? 0, lengths[at + 1] ?? 0]
    const part = end === start ? 0 : (wanted - start) / (end - start)
    const [one, other] = [raw[at] ?? { x: 0, y: 0 }, raw[at + 1] ?? { x: 0, y: 0 }]
    points[2 * index] = one.x + (other.x - one.x) * part
    points[2 * index + 1] = one.y + (other.y - one.y) * part
  }
  return { length, points }
}

/** Rates of what is counted in bytes, as if each 8 KiB page were one. */
export const pace = (kind: FlowKind, perS: number): number =>
  kind === 'replication' ? perS / 8_192 : perS

/** Dots on a line at once: none without anything that moves, never more than 14. */
export const dotsOf = (pace: number): number =>
  pace <= 0 ? 0 : Math.min(14, Math.ceil(1 + Math.log2(1 + pace)))

/** Pixels a second. */
export const speedOf = (pace: number): number => 28 + 34 * Math.log10(1 + pace)

/** Of so many dots, those that stand for failures: at least one where anything fails. */
export const failedDots = (dots: number, perS: number, errorsPerS: number): number =>
  errorsPerS <= 0 || perS <= 0 ? 0 : Math.max(1, Math.round((dots * errorsPerS) / perS))
