import type { Mark } from '@banyan/store/api'
import type uPlot from 'uplot'
import { drawEndLabels, roomFor } from './end-labels.ts'
import { strokeAt } from './strokes.ts'
import { type Unit, units } from './units.ts'

export type PlotShape = {
  readonly unit: Unit
  readonly labels: readonly string[]
  readonly width: number
  readonly height: number
}

/** What the page wants of a plot while it lives: read each time, so that a plot need not be made anew for it. */
export type PlotHooks = {
  readonly marks: () => readonly Mark[]
  readonly window: () => { readonly from: number; readonly to: number }
  readonly onCursor: (index: number | null) => void
  readonly onSelect: (from: number, to: number) => void
  readonly onReset: () => void
}

const token = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()

const font = (): string => `11px ${token('--font')}`

/** The options of a plot, in the colours of the theme that is shown now. */
export const plotOptions = (shape: PlotShape, hooks: PlotHooks): uPlot.Options => ({
  width: shape.width,
  height: shape.height,
  padding: [10, roomFor(shape.labels, measured()), 0, 0],
  legend: { show: false },
  cursor: {
    sync: { key: 'charts', setSeries: false },
    drag: { x: true, y: false, setScale: false, dist: 8 },
    points: { size: 7, width: 2, fill: token('--surface') },
    y: false,
    bind: { dblclick: () => () => reset(hooks) },
  },
  scales: {
    x: { time: true, range: () => [hooks.window().from / 1000, hooks.window().to / 1000] },
    y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.12 : 1] },
  },
  axes: [timeAxis(), valueAxis(shape.unit)],
  series: [{}, ...shape.labels.map((_, at) => seriesAt(at, shape.labels.length))],
  hooks: {
    setCursor: [(plot) => hooks.onCursor(plot.cursor.idx ?? null)],
    setSelect: [(plot) => select(plot, hooks)],
    draw: [
      (plot) => drawMarks(plot, hooks.marks()),
      (plot) => drawEndLabels(plot, shape.labels, endColours()),
    ],
  },
})

/** How wide a text is as it will be drawn. */
const measured = (): ((text: string) => number) => {
  const context = document.createElement('canvas').getContext('2d')
  if (context === null) return (text) => text.length * 7
  context.font = font()
  return (text) => context.measureText(text).width
}

const endColours = () => ({
  text: token('--text-2'),
  of: token,
  font: `${11 * devicePixelRatio}px ${token('--font')}`,
})

/** In place of what uPlot would do, which is to forget its scales. */
const reset = (hooks: PlotHooks): null => {
  hooks.onReset()
  return null
}

/** Distances of marks that people count in, in seconds. */
const timeIncrements = [
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800],
  ...[3600, 7200, 10_800, 21_600, 43_200, 86_400],
]

const timeAxis = (): uPlot.Axis => ({
  stroke: token('--text-3'),
  font: font(),
  grid: { show: false },
  ticks: { stroke: token('--border'), width: 1, size: 4 },
  size: 28,
  space: 62,
  incrs: timeIncrements,
  values: (_plot, splits) => splits.map((split) => clockAt(split, splits)),
})

/** The time of day; seconds only where marks stand between whole minutes. */
const clockAt = (split: number, splits: readonly number[]): string =>
  new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(splits.some((one) => one % 60 !== 0) ? { second: '2-digit' } : {}),
  }).format(split * 1000)

const valueAxis = (unit: Unit): uPlot.Axis => {
  const { format, increments } = units[unit]
  return {
    stroke: token('--text-3'),
    font: font(),
    grid: { stroke: token('--border'), width: 1 },
    ticks: { show: false },
    size: 62,
    space: 34,
    gap: 6,
    values: (_plot, splits) => splits.map((split) => format(split)),
    ...(increments === undefined ? {} : { incrs: [...increments] }),
  }
}

const seriesAt = (at: number, lines: number): uPlot.Series => {
  const { token: name, dash } = strokeAt(at)
  const colour = token(name)
  return {
    stroke: colour,
    width: 1.6,
    dash: [...dash],
    spanGaps: false,
    points: { show: true, filter: isolated, size: 4, fill: colour },
    // A single line has a ground below it; of several it would only hide the others.
    ...(lines === 1 ? { fill: `color-mix(in srgb, ${colour} 12%, transparent)` } : {}),
  }
}

/** A moment between two gaps has no line that would show it: it gets a point. */
const isolated = (plot: uPlot, seriesIndex: number): number[] => {
  const values = plot.data[seriesIndex] ?? []
  const alone: number[] = []
  for (let at = 0; at < values.length; at += 1)
    if (isKnown(values[at]) && !isKnown(values[at - 1]) && !isKnown(values[at + 1])) alone.push(at)
  return alone
}

const isKnown = (value: number | null | undefined): boolean => value !== null && value !== undefined

const select = (plot: uPlot, hooks: PlotHooks): void => {
  const { left, width } = plot.select
  if (width < 8) return
  const [from, to] = [plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000]
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  hooks.onSelect(from, to)
}

/** What happened, as a line through all of the chart, and as a band while it lasted. */
const drawMarks = (plot: uPlot, marks: readonly Mark[]): void => {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  for (const mark of marks) drawMark(plot, mark)
  ctx.restore()
}

const drawMark = (plot: uPlot, mark: Mark): void => {
  const { ctx, bbox } = plot
  const colour = token(colourOf(mark.kind))
  const x = plot.valToPos(mark.at / 1000, 'x', true)
  if (mark.until !== undefined) {
    ctx.globalAlpha = 0.1
    ctx.fillStyle = colour
    ctx.fillRect(x, bbox.top, plot.valToPos(mark.until / 1000, 'x', true) - x, bbox.height)
    ctx.globalAlpha = 1
  }
  ctx.strokeStyle = colour
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio])
  ctx.beginPath()
  ctx.moveTo(x, bbox.top)
  ctx.lineTo(x, bbox.top + bbox.height)
  ctx.stroke()
}

const colourOf = (kind: Mark['kind']): string =>
  ({
    climb: '--starting',
    release: '--healthy',
    fault: '--failed',
    promotion: '--paused',
    node: '--stopped',
  })[kind]
