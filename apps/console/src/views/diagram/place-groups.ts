import type { Box, Density, Group, LayoutNode, Rect, TierName } from './layout-types.ts'

/** How large the nodes of a tier are drawn, and how they stand in the frame of their tier. */

export const groupPad = 12
export const groupTitle = 28
/** Between tiers that stand below one another: room for the figures of what moves between them. */
export const downGap = 58

const sizes: Readonly<
  Record<Density, { readonly w: number; readonly h: number; readonly gap: number }>
> = {
  card: { w: 160, h: 94, gap: 14 },
  compact: { w: 124, h: 42, gap: 8 },
  dot: { w: 42, h: 26, gap: 4 },
}

/** The room that a replication line needs between a primary and the copies below it. */
const underPrimary = 44

/** In a large system a card is for what there are few of. */
const largeMin = 40

const densityOf = (count: number, all: number): Density =>
  count <= (all > largeMin ? 2 : 6) ? 'card' : count <= 24 ? 'compact' : 'dot'

export type Inside = {
  readonly w: number
  readonly h: number
  readonly columns: number
  readonly density: Density
  readonly at: (index: number) => Rect
}

/** Those who ask are drawn as one box, without a frame. */
export function insideClients(width: number, height: number): Inside {
  const at = () => ({ x: 0, y: 0, w: width, h: height })
  return { w: width, h: height, columns: 1, density: 'card', at }
}

/** A tier that stands in a column: one below the other, and in several columns where they are many. */
export function insideColumn(count: number, all: number): Inside {
  const density = densityOf(count, all)
  const { w, h, gap } = sizes[density]
  const rowsMax = density === 'card' ? 6 : density === 'compact' ? 12 : 22
  const columns = Math.ceil(count / rowsMax)
  const rows = Math.ceil(count / columns)
  return grid({ w, h, gap, columns, rows, density })
}

/** A tier that stands in a row of its own, as wide as the page. */
export function insideRow(count: number, all: number, width: number, leads: boolean): Inside {
  const density = densityOf(count, all)
  const { w: wanted, h, gap } = sizes[density]
  const room = width - 2 * groupPad
  const least = density === 'card' ? 140 : density === 'compact' ? 100 : wanted
  const columns = Math.max(1, Math.min(count, Math.floor((room + gap) / (least + gap))))
  const w = Math.min((room - (columns - 1) * gap) / columns, density === 'card' ? 320 : 160)
  if (!leads || density !== 'card' || count < 2)
    return grid({ w, h, gap, columns, rows: Math.ceil(count / columns), density })
  return leading(count, room, h, gap)
}

/** The first in a row of its own, the others below it. */
function leading(count: number, room: number, h: number, gap: number): Inside {
  const columns = Math.min(count - 1, Math.max(1, Math.floor((room + gap) / (140 + gap))))
  const w = (room - (columns - 1) * gap) / columns
  const below = grid({
    w,
    h,
    gap,
    columns,
    rows: Math.ceil((count - 1) / columns),
    density: 'card',
  })
  const first = Math.min(room, 320)
  return {
    ...below,
    h: below.h + h + underPrimary,
    at: (index) => {
      if (index === 0) return { x: groupPad + (room - first) / 2, y: groupTitle, w: first, h }
      const { y, ...rest } = below.at(index - 1)
      return { ...rest, y: y + h + underPrimary }
    },
  }
}

function grid(of: {
  readonly w: number
  readonly h: number
  readonly gap: number
  readonly columns: number
  readonly rows: number
  readonly density: Density
}): Inside {
  const { w, h, gap, columns, rows, density } = of
  return {
    columns,
    density,
    w: columns * w + (columns - 1) * gap + 2 * groupPad,
    h: groupTitle + rows * h + (rows - 1) * gap + groupPad,
    at: (index) => ({
      x: groupPad + (index % columns) * (w + gap),
      y: groupTitle + Math.floor(index / columns) * (h + gap),
      w,
      h,
    }),
  }
}

/** The frame and the boxes of a tier whose upper left corner is given. */
export function placed(
  tier: TierName,
  nodes: readonly LayoutNode[],
  inside: Inside,
  x: number,
  y: number,
): { readonly group: Group; readonly boxes: readonly Box[] } {
  const { w, h, columns, density } = inside
  const boxes = nodes.map(({ name }, index) => {
    const at = inside.at(index)
    return { ...at, name, tier, density, x: x + at.x, y: y + at.y }
  })
  return { group: { tier, density, columns, count: nodes.length, x, y, w, h }, boxes }
}
