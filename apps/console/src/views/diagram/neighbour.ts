import type { Box } from './layout-types.ts'

export type Direction = 'left' | 'right' | 'up' | 'down'

/** The keys that lead from node to node. */
export const directions: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

/**
 * The node that a key leads to: the nearest on that side, where what lies straight ahead is nearer than what lies
 * aslant. Null where there is none.
 */
export function neighbour(boxes: Iterable<Box>, from: Box, direction: Direction): string | null {
  let [best, least] = [null as string | null, Number.POSITIVE_INFINITY]
  for (const box of boxes) {
    const distance = box.name === from.name ? null : distanceTo(from, box, direction)
    if (distance !== null && distance < least) [best, least] = [box.name, distance]
  }
  return best
}

function distanceTo(from: Box, to: Box, direction: Direction): number | null {
  const dx = to.x + to.w / 2 - (from.x + from.w / 2)
  const dy = to.y + to.h / 2 - (from.y + from.h / 2)
  const isLevel = direction === 'left' || direction === 'right'
  const ahead = isLevel ? dx : dy
  const aside = Math.abs(isLevel ? dy : dx)
  const way = direction === 'right' || direction === 'down' ? ahead : -ahead
  return way <= 1 ? null : way + 2 * aside
}
