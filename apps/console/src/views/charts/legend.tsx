import { formatClockSeconds } from '../../format/time.ts'
import { type Line, newest } from './series.ts'
import { strokeAt } from './strokes.ts'
import { type Unit, units } from './units.ts'
import type { Window } from './window.ts'

/** How the lines look, and what they are at the cursor; without one, now. */
export function Legend({
  lines,
  window,
  unit,
  at,
  leftOut,
}: {
  readonly lines: readonly Line[]
  readonly window: Window
  readonly unit: Unit
  readonly at: number | null
  readonly leftOut: number
}) {
  const index = at === null ? null : Math.round((at - window.from) / window.stepMs)
  return (
    <div class="legend-row">
      <dl class="chart-legend">
        {lines.map((line, place) => (
          <div key={line.key}>
            <dt>
              <Sample index={place} />
              {line.label}
            </dt>
            <dd>{units[unit].format(valueAt(line, index, window))}</dd>
          </div>
        ))}
      </dl>
      {leftOut > 0 ? <p class="muted">{leftOut} smaller ones are in the table.</p> : null}
      {at === null ? null : <p class="at">{formatClockSeconds(at)}</p>}
    </div>
  )
}

/** Something older than this is not "now". */
const freshMs = 5_000

const valueAt = (line: Line, index: number | null, window: Window): number | null => {
  if (index !== null) return line.values[index] ?? null
  const last = newest(line.values)
  return last !== null && last.age * window.stepMs <= Math.max(freshMs, window.stepMs * 2)
    ? last.value
    : null
}

/** A piece of the line, as it is drawn. */
function Sample({ index }: { readonly index: number }) {
  const { token, dash } = strokeAt(index)
  return (
    <svg width="20" height="8" viewBox="0 0 20 8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="20"
        y2="4"
        stroke={`var(${token})`}
        stroke-width="2"
        stroke-dasharray={dash.join(' ')}
      />
    </svg>
  )
}
