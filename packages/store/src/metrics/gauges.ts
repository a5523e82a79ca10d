import type { Grid } from './increase.ts'

export type GaugeFunction = 'sum' | 'max' | 'min'

/** Of each step the value so far; NaN: nothing is known. */
export const noGauges = ({ steps }: Grid): Float64Array => new Float64Array(steps).fill(Number.NaN)

/**
 * Adds a gauge's series to those before it. `sum` takes what each series said last in a step, as Prometheus does
 * at its end; `max` and `min` look at every sample. A step without a sample takes the last one, while that holds.
 */
export function addGauges(
  into: Float64Array,
  grid: Grid,
  series: {
    readonly times: ArrayLike<number>
    readonly values: ArrayLike<number>
    /** How long a value of a time holds: a target is read a little late now and then. */
    readonly holdMs: (at: number) => number
  },
  fn: GaugeFunction,
): void {
  const own = perStep(grid, series, fn)
  for (let step = 0; step < own.length; step += 1) {
    const value = own[step] as number
    if (Number.isNaN(value)) continue
    const before = into[step] as number
    into[step] = Number.isNaN(before) ? value : together(before, value, fn)
  }
}

export const gaugeValues = (values: Float64Array): (number | null)[] =>
  Array.from(values, (value) => (Number.isNaN(value) ? null : value))

function perStep(
  grid: Grid,
  series: Parameters<typeof addGauges>[2],
  fn: GaugeFunction,
): Float64Array {
  const { times, values } = series
  const own = new Float64Array(grid.steps).fill(Number.NaN)
  for (let at = 0; at < times.length; at += 1) {
    const value = values[at] as number
    const step = Math.floor(((times[at] as number) - grid.from) / grid.stepMs)
    const before = own[step]
    if (before === undefined || Number.isNaN(value)) continue
    own[step] = Number.isNaN(before) || fn === 'sum' ? value : together(before, value, fn)
  }
  return held(own, grid, series)
}

/** Steps without a sample of their own have the last one, as long as that holds when they begin. */
function held(
  own: Float64Array,
  { from, stepMs }: Grid,
  { times, values, holdMs }: Parameters<typeof addGauges>[2],
): Float64Array {
  const all = own.slice()
  for (let at = 0; at < times.length; at += 1) {
    const time = times[at] as number
    if (Number.isNaN(values[at] as number)) continue
    let step = Math.max(0, Math.floor((time - from) / stepMs) + 1)
    for (; step < own.length && from + step * stepMs < time + holdMs(time); step += 1) {
      if (!Number.isNaN(own[step] as number)) break
      all[step] = values[at] as number
    }
  }
  return all
}

function together(a: number, b: number, fn: GaugeFunction): number {
  if (fn === 'sum') return a + b
  return fn === 'max' ? Math.max(a, b) : Math.min(a, b)
}
