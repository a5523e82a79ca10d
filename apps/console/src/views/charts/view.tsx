import type { Mark } from '@banyan/store/api'
import { useEffect } from 'preact/hooks'
import { formatWindow } from '../../format/time.ts'
import { now } from '../../live/live.ts'
import { go, route } from '../../router.ts'
import { storeNow } from '../../store/clock.ts'
import { readHealth } from '../../store/store.ts'
import { Trouble } from '../../store/trouble.tsx'
import { useKept } from '../../store/use-kept.ts'
import { Icon } from '../../ui/icon.tsx'
import { useWidth } from '../../ui/measure.ts'
import { printShown, readShown, type Shown } from './address.ts'
import { Business } from './business.tsx'
import { ChartCard } from './chart-card.tsx'
import { pixels, range, windowNow } from './feeds.ts'
import { MarksStrip } from './marks-strip.tsx'
import { MomentPanel } from './moment-panel.tsx'
import { nearestLine } from './nearest.ts'
import { sections } from './panels.ts'
import { lengthOf, type Range, ranges } from './range.ts'
import { RouteTable } from './route-table.tsx'
import type { Line } from './series.ts'
import { useMarks } from './use-marks.ts'
import type { Window } from './window.ts'
import './charts.css'

/** Rates, errors, times, and what happened meanwhile, on one time. */
export function ChartsView() {
  const shown = readShown(route.value.params)
  const [place, width] = useWidth()
  useShared(shown.range, width)
  // A second that goes by moves a live window on.
  void now.value
  const window = windowNow()
  const marks = useMarks(window)
  return (
    <div class="charts" ref={place}>
      <Toolbar shown={shown} window={window} />
      <StoreState />
      <MarksStrip marks={marks} window={window} />
      {sections.map(({ title, panels }) => (
        <section key={title} class="chart-section" aria-label={title}>
          <h2>{title}</h2>
          <div class={panels.length % 2 === 0 ? 'chart-grid in-pairs' : 'chart-grid'}>
            {panels.map((panel) => (
              <ChartCard
                key={panel.id}
                panel={panel}
                marks={marks ?? none}
                onZoom={(from, to) => zoomTo(from, to)}
                onReset={() => show({ range: lastLive, moment: null })}
                onPoint={(at, value, lines) => openMoment(shown, window, at, value, lines)}
              />
            ))}
          </div>
          {title === 'Traffic' ? <RouteTable window={window} /> : null}
        </section>
      ))}
      <section class="chart-section" aria-label="Business">
        <h2>Business</h2>
        <Business />
      </section>
      {shown.moment === null ? null : (
        <MomentPanel moment={shown.moment} onClose={() => show({ ...shown, moment: null })} />
      )}
    </div>
  )
}

/** One and the same, so that charts are not drawn anew for it. */
const none: readonly Mark[] = []

const show = (shown: Shown): void => go('charts', printShown(shown))

/** Where a zoom goes back to. */
let lastLive: Range = { kind: 'live', name: '5m' }

const useShared = (wanted: Range, width: number): void => {
  const key = JSON.stringify(wanted)
  if (wanted.kind === 'live') lastLive = wanted
  // The key is the range.
  useEffect(() => {
    range.value = wanted
  }, [key])
  useEffect(() => {
    if (width > 0) pixels.value = columnPixels(width)
  }, [width])
}

/** How many pixels the drawing of one chart has, in as many columns as fit. */
const columnPixels = (width: number): number => {
  const columns = width >= 1400 ? 3 : width >= 700 ? 2 : 1
  return Math.floor(width / columns) - 110
}

const shortestMs = 10_000

const zoomTo = (from: number, to: number): void => {
  const middle = (from + to) / 2
  const half = Math.max(to - from, shortestMs) / 2
  const end = Math.min(middle + half, storeNow())
  show({
    range: {
      kind: 'fixed',
      from: Math.floor(Math.min(middle - half, end - shortestMs)),
      to: Math.ceil(end),
    },
    moment: null,
  })
}

/** The traces behind a point: as slow as the line that it lies on. */
const openMoment = (
  shown: Shown,
  window: Window,
  at: number,
  value: number | null,
  lines: readonly Line[],
): void => {
  const index = Math.round((at - window.from) / window.stepMs)
  const line = value === null ? null : nearestLine(lines, index, value)
  const seconds = line?.values[index] ?? null
  const minMs = seconds === null ? null : Number((seconds * 1000).toFixed(2))
  show({ ...shown, moment: { at, stepMs: window.stepMs, minMs } })
}

function Toolbar({ shown, window }: { readonly shown: Shown; readonly window: Window }) {
  const { range } = shown
  return (
    <div class="toolbar">
      <fieldset class="segments" aria-label="Range">
        {ranges.map(({ name, label }) => (
          <button
            key={name}
            type="button"
            aria-pressed={range.kind === 'live' && range.name === name}
            onClick={() => show({ range: { kind: 'live', name }, moment: null })}
          >
            {label}
          </button>
        ))}
      </fieldset>
      <p class="muted window">
        {formatWindow(window.from, window.to, storeNow())}
        <span>a point is {stepName(window.stepMs)}</span>
      </p>
      {range.kind === 'fixed' ? (
        <button
          type="button"
          class="button"
          onClick={() => show({ range: lastLive, moment: null })}
        >
          <Icon name="undo" />
          Back to the last {ranges.find(({ ms }) => ms === lengthOf(lastLive))?.label}
        </button>
      ) : (
        <p class="muted hint">Drag over a chart to zoom in.</p>
      )}
    </div>
  )
}

const stepName = (ms: number): string => (ms < 60_000 ? `${ms / 1000} s` : `${ms / 60_000} min`)

/** Says when history is away, and what is wrong with the store that keeps it. */
function StoreState() {
  const [health, again] = useKept('health', 3_000, readHealth)
  if (health.state === 'failed') return <Trouble error={health.error} what="Charts" again={again} />
  const trouble = health.state === 'ready' ? health.value.trouble : null
  if (trouble === null) return null
  return (
    <div class="note warn trouble" role="status">
      <Icon name="warn" />
      <p>{trouble}</p>
    </div>
  )
}
