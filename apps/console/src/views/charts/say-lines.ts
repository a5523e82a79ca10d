import { formatClockSeconds } from '../../format/time.ts'
import type { Line } from './series.ts'
import { type Unit, units } from './units.ts'
import type { Window } from './window.ts'

/** What a chart shows at a moment, in words: what somebody who does not see it is told. */
export const sayLines = (
  lines: readonly Line[],
  window: Window,
  at: number,
  unit: Unit,
): string => {
  const { format } = units[unit]
  const values = lines.map(({ label, values }) => {
    const value = values[at]
    return `${label} ${value === null || value === undefined ? 'not known' : format(value)}`
  })
  return [formatClockSeconds(window.from + at * window.stepMs), ...values].join(', ')
}
