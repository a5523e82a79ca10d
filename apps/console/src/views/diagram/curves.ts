import type { Curve } from './layout-types.ts'

/** A line that leaves and arrives level, from left to right. */
export const acrossCurve = (x1: number, y1: number, x2: number, y2: number): Curve => {
  const bend = (x2 - x1) / 2
  return [x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2]
}

/** A line that leaves and arrives upright, from above to below. */
export const downCurve = (x1: number, y1: number, x2: number, y2: number): Curve => {
  const bend = (y2 - y1) / 2
  return [x1, y1, x1, y1 + bend, x2, y2 - bend, x2, y2]
}

/** A line that leaves to the right and comes back from there. */
export const backCurve = (x1: number, y1: number, x2: number, y2: number, out: number): Curve => {
  const far = Math.max(x1, x2) + out
  return [x1, y1, far, y1, far, y2, x2, y2]
}

/** The point of a curve at a part of its way, 0 to 1. */
export function pointAt(curve: Curve, t: number): { readonly x: number; readonly y: number } {
  const [x1, y1, a, b, c, d, x2, y2] = curve
  const u = 1 - t
  const [p, q, r, s] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t]
  return { x: p * x1 + q * a + r * c + s * x2, y: p * y1 + q * b + r * d + s * y2 }
}

/** As the `d` of an SVG path. */
export const pathOf = ([x1, y1, a, b, c, d, x2, y2]: Curve): string =>
  `M${n(x1)} ${n(y1)}C${n(a)} ${n(b)} ${n(c)} ${n(d)} ${n(x2)} ${n(y2)}`

const n = (value: number): number => Math.round(value * 10) / 10
