import type { Mark } from '@banyan/store/api'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { shownTheme } from '../../theme/theme.ts'
import { plotOptions } from './plot-options.ts'
import type { Line } from './series.ts'
import type { Unit } from './units.ts'
import { momentsOf, type Window } from './window.ts'

export type PlotProps = {
  readonly unit: Unit
  readonly lines: readonly Line[]
  readonly window: Window
  readonly marks: readonly Mark[]
  readonly width: number
  readonly height: number
  /** The moment that the cursor is at, of any chart; null: none. */
  readonly onCursor: (at: number | null) => void
  readonly onZoom: (from: number, to: number) => void
  readonly onReset: () => void
  /** A click, or Enter: at a moment, at a value. Absent: a point leads nowhere. */
  readonly onPoint?: ((at: number, value: number | null) => void) | undefined
}

const dataOf = ({ window, lines }: PlotProps): uPlot.AlignedData => {
  const moments = momentsOf(window)
  return [moments, ...lines.map(({ values }) => moments.map((_, at) => values[at] ?? null))]
}

/** What is drawn, and nothing else: what it means is said by whoever shows it. */
export function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const latest = useRef(props)
  latest.current = props
  useMade(place, plot, latest)
  useEffect(() => {
    plot.current?.setData(dataOf(props))
  }, [props.lines, props.window, props.marks])
  useEffect(() => {
    plot.current?.setSize({ width: props.width, height: props.height })
  }, [props.width, props.height])
  return <div class={props.onPoint ? 'plot leads' : 'plot'} ref={place} aria-hidden="true" />
}

/** Another theme, another number of lines: a plot is made anew; for all else it takes new data. */
const useMade = (
  place: { readonly current: HTMLDivElement | null },
  plot: { current: uPlot | null },
  latest: { readonly current: PlotProps },
): void => {
  const shown = shownTheme.value
  const { lines, unit } = latest.current
  const names = lines.map(({ key }) => key).join()
  // The theme's colours are read from the page.
  useLayoutEffect(() => {
    if (place.current === null) return
    const made = make(place.current, latest)
    plot.current = made
    return () => {
      made.destroy()
      plot.current = null
    }
  }, [shown, unit, names])
}

const make = (place: HTMLElement, latest: { readonly current: PlotProps }): uPlot => {
  const { unit, lines, width, height } = latest.current
  const options = plotOptions(
    { unit, labels: lines.map(({ label }) => label), width, height },
    {
      marks: () => latest.current.marks,
      window: () => latest.current.window,
      onCursor: (index) => latest.current.onCursor(momentAt(latest.current.window, index)),
      onSelect: (from, to) => latest.current.onZoom(from, to),
      onReset: () => latest.current.onReset(),
    },
  )
  const made = new uPlot(options, dataOf(latest.current), place)
  leadToPoints(made, latest)
  return made
}

const momentAt = (window: Window, index: number | null): number | null =>
  index === null ? null : window.from + index * window.stepMs

/** A click that did not drag. */
const leadToPoints = (plot: uPlot, latest: { readonly current: PlotProps }): void => {
  let downAt: number | null = null
  plot.over.addEventListener('mousedown', (event) => {
    downAt = event.button === 0 ? event.clientX : null
  })
  plot.over.addEventListener('click', (event) => {
    if (downAt === null || Math.abs(event.clientX - downAt) > 6) return
    const { idx, top } = plot.cursor
    const at = momentAt(latest.current.window, idx ?? null)
    if (at === null) return
    latest.current.onPoint?.(at, top === undefined ? null : plot.posToVal(top, 'y'))
  })
}
