import type uPlot from 'uplot'
import { newest } from './series.ts'
import { strokeAt } from './strokes.ts'

/*
 * The name of each line stands where the line ends: whoever cannot tell the colours apart, or does not want to look
 * from a line to a legend and back, reads it there.
 */

const mostLetters = 13
const rowPx = 12

export const shortened = (label: string): string =>
  label.length <= mostLetters ? label : `${label.slice(0, mostLetters - 1)}…`

/** How much room is left for them at the right. One line needs no name but the chart's. */
export const roomFor = (labels: readonly string[], widthOf: (label: string) => number): number =>
  labels.length < 2
    ? 20
    : Math.ceil(Math.max(...labels.map((label) => widthOf(shortened(label))))) + 14

/**
 * Places as near as possible to the wanted ones, in their order, no two closer than a row, and none outside.
 *
 * @example
 * apart([10, 11, 50], { gap: 12, top: 0, bottom: 100 }) // [10, 22, 50]
 */
export const apart = (
  wanted: readonly number[],
  { gap, top, bottom }: { readonly gap: number; readonly top: number; readonly bottom: number },
): number[] => {
  const order = wanted.map((_, at) => at).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0))
  const placed: number[] = new Array(wanted.length).fill(top)
  let least = top
  for (const at of order) {
    placed[at] = Math.max(wanted[at] ?? top, least)
    least = (placed[at] ?? top) + gap
  }
  let most = bottom
  for (const at of order.toReversed()) {
    placed[at] = Math.min(placed[at] ?? bottom, most)
    most = (placed[at] ?? bottom) - gap
  }
  return placed
}

type Colours = {
  readonly text: string
  readonly of: (token: string) => string
  readonly font: string
}

/** Draws the names at the ends of their lines. */
export const drawEndLabels = (plot: uPlot, labels: readonly string[], colours: Colours): void => {
  if (labels.length < 2) return
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  const ends = labels.flatMap((label, index) => {
    const last = newest(plot.data[index + 1] as (number | null)[])
    return last === null ? [] : [{ label, index, y: plot.valToPos(last.value, 'y', true) }]
  })
  const gap = rowPx * ratio
  const places = apart(
    ends.map(({ y }) => y),
    { gap, top: bbox.top + gap / 2, bottom: bbox.top + bbox.height - gap / 4 },
  )
  const right = bbox.left + bbox.width
  ctx.save()
  ctx.font = colours.font
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  for (const [at, { label, index, y }] of ends.entries()) {
    const place = places[at] ?? y
    ctx.strokeStyle = colours.of(strokeAt(index).token)
    ctx.lineWidth = 1.5 * ratio
    ctx.beginPath()
    ctx.moveTo(right + 1 * ratio, y)
    ctx.lineTo(right + 8 * ratio, place)
    ctx.stroke()
    ctx.fillStyle = colours.text
    ctx.fillText(shortened(label), right + 11 * ratio, place)
  }
  ctx.restore()
}
