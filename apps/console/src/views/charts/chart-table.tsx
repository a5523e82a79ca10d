import { formatClockSeconds } from '../../format/time.ts'
import { rowsOf } from './nearest.ts'
import type { Line } from './series.ts'
import { type Unit, units } from './units.ts'
import type { Window } from './window.ts'
import '../../ui/table.css'

const mostRows = 60

/** The same as the drawing, in numbers, newest first. */
export function ChartTable({
  title,
  lines,
  window,
  unit,
}: {
  readonly title: string
  readonly lines: readonly Line[]
  readonly window: Window
  readonly unit: Unit
}) {
  const count = Math.round((window.to - window.from) / window.stepMs)
  const { format } = units[unit]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
    <section class="chart-table" tabIndex={0} aria-label={`${title}, as a table`}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            {lines.map(({ key, label }) => (
              <th key={key} scope="col" class="number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowsOf(count, mostRows).map((at) => (
            <tr key={at}>
              <th scope="row">{formatClockSeconds(window.from + at * window.stepMs)}</th>
              {lines.map(({ key, values }) => (
                <td key={key} class="number">
                  {format(values[at])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
