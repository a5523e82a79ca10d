import type { Box, Group, Layout, LayoutEdge, LayoutNode, TierName } from './layout-types.ts'
import {
  downGap,
  groupPad,
  groupTitle,
  type Inside,
  insideClients,
  insideColumn,
  insideRow,
  placed,
} from './place-groups.ts'
import { routePaths } from './route-paths.ts'
import { byTier, columns } from './tiers.ts'

export type LayoutRequest = {
  readonly nodes: readonly LayoutNode[]
  readonly edges: readonly LayoutEdge[]
  /** How wide the page is. Tiers stand below one another where they have no room beside one another. */
  readonly width: number
}

/** Narrower than this, tiers stand below one another. */
const acrossMin = 700

const gapMin = 76
const gapMax = 190
const between = 22
/** Beside the data tier, for the lines from a primary to its copies. */
const replicationRoom = 84

/**
 * Where every node and every line is drawn: the same for the same nodes, whatever they are doing.
 *
 * @example layOut({ nodes: [], edges: [], width: 1_000 }).boxes.size // 1: the clients
 */
export function layOut({ nodes, edges, width }: LayoutRequest): Layout {
  const tiers = byTier(nodes)
  const laid = width >= acrossMin ? across(tiers, width) : down(tiers, width)
  const boxes = new Map(laid.boxes.map((box) => [box.name, box]))
  return { ...laid, boxes, ...routePaths({ ...laid, boxes, edges }) }
}

type Tiers = ReadonlyMap<TierName, readonly LayoutNode[]>
type Laid = Pick<Layout, 'width' | 'height' | 'direction' | 'groups'> & {
  readonly boxes: readonly Box[]
}

function across(tiers: Tiers, width: number): Laid {
  const shown = columns
    .map((names) => names.flatMap((tier) => stack(tier, tiers.get(tier), countOf(tiers))))
    .filter((stacks) => stacks.length > 0)
  const widths = shown.map((stacks) => Math.max(...stacks.map(({ inside }) => inside.w)))
  const heights = shown.map(heightOf)
  const room = (tiers.get('data')?.length ?? 0) > 1 ? replicationRoom : 0
  const taken = sum(widths) + room
  const gaps = Math.max(1, shown.length - 1)
  const gap = Math.min(gapMax, Math.max(gapMin, (width - taken) / gaps))
  const total = Math.max(width, taken + gap * (shown.length - 1))
  const height = Math.max(...heights, 260)
  const parts: Part[] = []
  let x = (total - taken - gap * (shown.length - 1)) / 2
  for (const [index, stacks] of shown.entries()) {
    // Those who ask have no title above them; so they stand level with a single node, not with its frame.
    const lower = stacks[0]?.tier === 'client' ? (groupTitle - groupPad) / 2 : 0
    let y = (height - (heights[index] ?? 0)) / 2 + lower
    for (const { tier, nodes, inside } of stacks) {
      parts.push(placed(tier, nodes, inside, x + ((widths[index] ?? 0) - inside.w) / 2, y))
      y += inside.h + between
    }
    x += (widths[index] ?? 0) + gap
  }
  return { direction: 'across', width: total, ...withTelemetry(parts, tiers, total, height) }
}

/** Beside the way of the requests, below everything. */
function withTelemetry(parts: readonly Part[], tiers: Tiers, width: number, height: number) {
  const nodes = tiers.get('telemetry') ?? []
  if (nodes.length === 0) return { height, ...joined(parts) }
  const inside = insideRow(
    nodes.length,
    countOf(tiers),
    Math.min(width, nodes.length * 190 + 2 * groupPad),
    false,
  )
  const part = placed('telemetry', nodes, inside, (width - inside.w) / 2, height + between * 2)
  return { height: height + between * 2 + inside.h, ...joined([...parts, part]) }
}

function down(tiers: Tiers, width: number): Laid {
  const parts: Part[] = []
  let y = 0
  for (const tier of [...columns.flat(), 'telemetry' as const]) {
    const nodes = tiers.get(tier) ?? []
    if (nodes.length === 0) continue
    const inside =
      tier === 'client'
        ? insideClients(Math.min(width, 200), 56)
        : insideRow(nodes.length, countOf(tiers), width, tier === 'data')
    parts.push(placed(tier, nodes, inside, (width - inside.w) / 2, y))
    y += inside.h + downGap
  }
  return { direction: 'down', width, height: Math.max(0, y - downGap), ...joined(parts) }
}

type Part = { readonly group: Group; readonly boxes: readonly Box[] }
type Stack = {
  readonly tier: TierName
  readonly nodes: readonly LayoutNode[]
  readonly inside: Inside
}

const joined = (parts: readonly Part[]) => ({
  groups: parts.map(({ group }) => group),
  boxes: parts.flatMap(({ boxes }) => boxes),
})

const countOf = (tiers: Tiers): number => sum([...tiers.values()].map(({ length }) => length))

const stack = (tier: TierName, nodes: readonly LayoutNode[] | undefined, all: number): Stack[] =>
  nodes === undefined || nodes.length === 0
    ? []
    : [
        {
          tier,
          nodes,
          inside: tier === 'client' ? insideClients(100, 94) : insideColumn(nodes.length, all),
        },
      ]

const heightOf = (stacks: readonly Stack[]): number =>
  sum(stacks.map(({ inside }) => inside.h)) + between * (stacks.length - 1)

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)
