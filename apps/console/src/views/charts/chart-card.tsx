import type { Mark } from '@banyan/store/api'
import { signal } from '@preact/signals'
import { useMemo, useState } from 'preact/hooks'
import { useIsSeen, useWidth } from '../../ui/measure.ts'
import { ChartTable } from './chart-table.tsx'
import { useFeeds, windowNow } from './feeds.ts'
import { Legend } from './legend.tsx'
import { zoomed } from './nearest.ts'
import type { Panel } from './panels.ts'
import { drawn } from './pick.ts'
import { Plot } from './plot.tsx'
import { sayLines } from './say-lines.ts'
import { alignedTo, known, type Line } from './series.ts'
import type { Window } from './window.ts'

/** The moment that the cursor is at, in whichever chart. */
const cursorAt = signal<number | null>(null)

export type ChartCardProps = {
  readonly panel: Panel
  readonly marks: readonly Mark[]
  readonly onZoom: (from: number, to: number) => void
  readonly onReset: () => void
  readonly onPoint: (at: number, value: number | null, lines: readonly Line[]) => void
}

const height = 172

/** One chart: what it is, its newest values in words, the drawing, and the same as a table for whoever wants that. */
export function ChartCard(props: ChartCardProps) {
  const { panel } = props
  const [place, width] = useWidth()
  const isSeen = useIsSeen(place)
  const [asTable, setAsTable] = useState(false)
  const { window, all, error, isLoading } = useLines(panel, isSeen)
  const { drawn: lines, leftOut } = useMemo(() => drawn(all), [all])
  const title = `chart-${panel.id}`
  return (
    <section class="card chart" aria-labelledby={title} ref={place}>
      <header>
        <h3 id={title}>{panel.title}</h3>
        <button
          type="button"
          class="button plain small"
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          Table<span class="sr-only"> of {panel.title}</span>
        </button>
      </header>
      <p class="says">{panel.says}</p>
      <Legend
        lines={lines}
        window={window}
        unit={panel.unit}
        at={cursorAt.value}
        leftOut={leftOut}
      />
      {asTable ? (
        <ChartTable title={panel.title} lines={all} window={window} unit={panel.unit} />
      ) : (
        <Drawing {...props} lines={lines} window={window} width={width} label={title} />
      )}
      {all.some(({ values }) => known(values)) ? null : (
        <p class="nothing">
          {isLoading ? 'Asking …' : error ? 'Not known now.' : emptyWords(panel)}
        </p>
      )}
    </section>
  )
}

const emptyWords = (panel: Panel): string =>
  panel.id === 'lag'
    ? 'No replica in this time: they come with the rung replicated.'
    : panel.id === 'pauses'
      ? 'No climb and no promotion paused writes in this time.'
      : 'Nothing was measured in this time.'

const useLines = (panel: Panel, isSeen: boolean) => {
  const feeds = useFeeds(panel, isSeen)
  const states = feeds.map(({ state }) => state.value)
  const now = windowNow()
  const windows = states.flatMap((state) => (state.known === null ? [] : [state.known.window]))
  // The newest one of the step that is wanted; while a step is on its way, what there is.
  const ofStep = windows.filter(({ stepMs }) => stepMs === now.stepMs)
  const window = (ofStep.length > 0 ? ofStep : windows).toSorted((a, b) => b.to - a.to)[0] ?? now
  const answers = states.map((state) =>
    state.known === null ? undefined : alignedTo(state.known, window),
  )
  // The states are what the answers are of.
  const all = useMemo(
    () => panel.lines(answers),
    [panel, window.from, window.to, window.stepMs, ...states],
  )
  const error = states.find((state) => state.error !== null)?.error ?? null
  return { window, all, error, isLoading: windows.length === 0 && error === null }
}

type DrawingProps = ChartCardProps & {
  readonly lines: readonly Line[]
  readonly window: Window
  readonly width: number
  readonly label: string
}

/**
 * The drawing as what it is to somebody who does not see it: a cursor over time, which says what was at each moment.
 * Left and right move it, plus and minus zoom around it, Escape goes back, Enter leads to the traces.
 */
function Drawing({ panel, lines, window, width, label, ...props }: DrawingProps) {
  const count = Math.round((window.to - window.from) / window.stepMs)
  const here = cursorAt.value === null ? count - 1 : indexIn(window, cursorAt.value)
  const moveTo = (index: number) => {
    cursorAt.value = window.from + Math.min(count - 1, Math.max(0, index)) * window.stepMs
  }
  const momentHere = window.from + here * window.stepMs
  const zoomBy = (factor: number) => {
    const { from, to } = zoomed(window, momentHere, factor)
    props.onZoom(from, to)
  }
  const lead = panel.leadsToTraces
    ? (at: number, value: number | null) => props.onPoint(at, value, lines)
    : undefined
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => moveTo(here - 1),
    ArrowRight: () => moveTo(here + 1),
    PageUp: () => moveTo(here - Math.ceil(count / 10)),
    PageDown: () => moveTo(here + Math.ceil(count / 10)),
    Home: () => moveTo(0),
    End: () => moveTo(count - 1),
    '+': () => zoomBy(0.5),
    '-': () => zoomBy(2),
    Escape: props.onReset,
    Enter: () => lead?.(momentHere, null),
  }
  return (
    <div
      class="drawing"
      role="slider"
      tabIndex={0}
      aria-labelledby={label}
      aria-valuemin={0}
      aria-valuemax={count - 1}
      aria-valuenow={here}
      aria-valuetext={sayLines(lines, window, here, panel.unit)}
      onKeyDown={(event) => {
        const act = keys[event.key]
        if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return
        event.preventDefault()
        act()
      }}
      onBlur={() => {
        cursorAt.value = null
      }}
    >
      {width > 0 ? (
        <Plot
          unit={panel.unit}
          lines={lines}
          window={window}
          marks={props.marks}
          width={width}
          height={height}
          onCursor={(at) => {
            cursorAt.value = at
          }}
          onZoom={props.onZoom}
          onReset={props.onReset}
          onPoint={lead}
        />
      ) : null}
    </div>
  )
}

const indexIn = (window: Window, at: number): number => {
  const last = Math.round((window.to - window.from) / window.stepMs) - 1
  return Math.min(last, Math.max(0, Math.round((at - window.from) / window.stepMs)))
}
