/** A grid of steps on the axis of time. */
export type Grid = { readonly from: number; readonly stepMs: number; readonly steps: number }

/** What a counter gained in each step, and how many milliseconds of the step are known. */
export type Gains = { readonly gained: Float64Array; readonly known: Float64Array }

export const noGains = ({ steps }: Grid): Gains => ({
  gained: new Float64Array(steps),
  known: new Float64Array(steps),
})

/**
 * Adds what a counter gained between each two neighbouring samples to the steps between them, in proportion. So
 * the steps add up to exactly what was counted, wherever their bounds lie. A smaller value is a reset: all of
 * it is new. Between samples that are further apart than `gapMs` allows, nothing is known.
 */
export function addGains(
  into: Gains,
  grid: Grid,
  samples: {
    readonly times: ArrayLike<number>
    readonly values: ArrayLike<number>
    readonly gapMs: (from: number) => number
    readonly bornAtZero: boolean
  },
): void {
  const { times, values, gapMs, bornAtZero } = samples
  let last = Number.NaN
  for (let at = 0; at < times.length; at += 1) {
    const value = values[at] as number
    if (Number.isNaN(value)) continue
    const before = last
    last = value
    const from = times[at - 1]
    if (from === undefined || (times[at] as number) - from > gapMs(from)) continue
    const gain = gainOf(values[at - 1] as number, before, value, bornAtZero)
    if (gain !== null) spread(into, grid, from, times[at] as number, gain)
  }
}

/** `neighbour` is the value just before, `before` the last one that is known at all. */
function gainOf(
  neighbour: number,
  before: number,
  value: number,
  bornAtZero: boolean,
): number | null {
  if (!Number.isNaN(neighbour)) return value >= neighbour ? value - neighbour : value
  if (Number.isNaN(before)) return bornAtZero ? value : null
  // It was away for a moment, and either goes on or began anew meanwhile.
  return value >= before ? value - before : value
}

function spread(into: Gains, grid: Grid, from: number, to: number, gain: number): void {
  const { stepMs, steps } = grid
  const first = Math.max(0, Math.floor((from - grid.from) / stepMs))
  const last = Math.min(steps - 1, Math.ceil((to - grid.from) / stepMs) - 1)
  for (let step = first; step <= last; step += 1) {
    const begin = Math.max(from, grid.from + step * stepMs)
    const end = Math.min(to, grid.from + (step + 1) * stepMs)
    if (end <= begin) continue
    into.gained[step] = (into.gained[step] as number) + (gain * (end - begin)) / (to - from)
    into.known[step] = (into.known[step] as number) + (end - begin)
  }
}

/** Adds one series' gains to those of others: what is known of any of them is known of the sum. */
export function addUp(into: Gains, other: Gains): void {
  for (let step = 0; step < into.gained.length; step += 1) {
    into.gained[step] = (into.gained[step] as number) + (other.gained[step] as number)
    into.known[step] = Math.max(into.known[step] as number, other.known[step] as number)
  }
}
