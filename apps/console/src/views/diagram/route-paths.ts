import { acrossCurve, backCurve, downCurve, pointAt } from './curves.ts'
import {
  type Box,
  type Curve,
  edgeKey,
  type FlowPath,
  type FlowSum,
  type Group,
  type Layout,
  type LayoutEdge,
  type Rect,
} from './layout-types.ts'
import { downGap } from './place-groups.ts'

export type Placed = Pick<Layout, 'direction' | 'groups' | 'boxes'>
type Request = Placed & { readonly edges: readonly LayoutEdge[] }

/** More lines than this between two tiers are drawn as one. */
const linesMax = 12

/** The line of every edge, or one for all edges between two tiers where they would be too many. */
export function routePaths(request: Request): Pick<Layout, 'paths' | 'sums'> {
  const routed = bunchesOf(request).map((bunch) => routeBunch(request, bunch))
  return {
    paths: routed.flatMap(({ paths }) => paths),
    sums: routed.flatMap(({ sum }) => (sum === null ? [] : [sum])),
  }
}

/** The lines of one node, each by itself, whatever they are drawn as otherwise. */
export function pathsOfNode(
  { boxes, direction }: Placed,
  edges: readonly LayoutEdge[],
  node: string,
) {
  const own = edges.filter(({ from, to }) => from === node || to === node)
  return own.flatMap((edge): FlowPath[] => {
    const [from, to] = [boxes.get(edge.from), boxes.get(edge.to)]
    if (from === undefined || to === undefined) return []
    const key = edgeKey(edge)
    const curve = curveOf(edge, from, to, direction, 0.5, 0.5)
    return [{ key, kind: edge.kind, curve, edges: [key], label: pointAt(curve, 0.5) }]
  })
}

type Bunch = {
  readonly from: Group
  readonly to: Group
  readonly kind: LayoutEdge['kind']
  readonly edges: readonly LayoutEdge[]
}

/** Edges of one kind between the same two tiers. */
function bunchesOf({ groups, boxes, edges }: Request): readonly Bunch[] {
  const groupOf = (name: string) => groups.find(({ tier }) => tier === boxes.get(name)?.tier)
  const bunches = Map.groupBy(
    edges,
    ({ from, to, kind }) => `${boxes.get(from)?.tier}>${boxes.get(to)?.tier}>${kind}`,
  )
  return [...bunches.values()].flatMap((bunch) => {
    const [first] = bunch
    const [from, to] = [groupOf(first?.from ?? ''), groupOf(first?.to ?? '')]
    if (first === undefined || from === undefined || to === undefined) return []
    return [{ from, to, kind: first.kind, edges: bunch }]
  })
}

type Routed = { readonly paths: readonly FlowPath[]; readonly sum: FlowSum | null }

function routeBunch(request: Request, bunch: Bunch): Routed {
  if (bunch.from.tier === bunch.to.tier && bunch.kind === 'replication')
    return routeReplication(request, bunch)
  return isTrunk(request, bunch) ? routeTrunk(request, bunch) : routeEach(request, bunch)
}

const isTrunk = ({ direction }: Request, { from, to, edges }: Bunch): boolean =>
  direction === 'down' ||
  edges.length > linesMax ||
  [from, to].some(
    ({ density, columns }) => density === 'dot' || (density !== 'card' && columns > 1),
  )

/** One line from tier to tier. Downwards its figures stand below the tier it comes from, where nothing else does. */
function routeTrunk({ direction }: Request, { from, to, kind, edges }: Bunch): Routed {
  const isAcross = direction === 'across'
  const curve = isAcross
    ? acrossCurve(from.x + from.w, middle(from).y, to.x, middle(to).y)
    : downCurve(middle(from).x, from.y + from.h, middle(to).x, to.y)
  const label = isAcross
    ? pointAt(curve, 0.5)
    : { x: middle(from).x, y: from.y + from.h + downGap / 2 }
  const key = `${from.tier}>${to.tier}>${kind}`
  return { paths: [{ key, kind, curve, edges: edges.map(edgeKey), label }], sum: null }
}

/** A line for each; figures stand at the end where the lines are apart, or as a sum where they cross. */
function routeEach(
  { boxes, direction }: Request,
  { from: source, to: target, kind, edges }: Bunch,
): Routed {
  const sources = new Set(edges.map(({ from }) => from))
  const targets = new Set(edges.map(({ to }) => to))
  const isClose = (names: ReadonlySet<string>, { density }: Group) =>
    names.size > 2 && density !== 'card'
  const isCrossing =
    (sources.size > 1 && targets.size > 1) || isClose(sources, source) || isClose(targets, target)
  const at = sources.size > 1 ? 0.38 : targets.size > 1 ? 0.62 : 0.5
  const paths = edges.flatMap((edge): FlowPath[] => {
    const [from, to] = [boxes.get(edge.from), boxes.get(edge.to)]
    if (from === undefined || to === undefined) return []
    const leave = placeAmong(
      edges.filter((other) => other.from === edge.from).map(({ to }) => to),
      edge.to,
      boxes,
    )
    const arrive = placeAmong(
      edges.filter((other) => other.to === edge.to).map(({ from }) => from),
      edge.from,
      boxes,
    )
    const curve = curveOf(edge, from, to, direction, leave, arrive)
    const key = edgeKey(edge)
    return [{ key, kind, curve, edges: [key], label: isCrossing ? null : pointAt(curve, at) }]
  })
  return { paths, sum: isCrossing ? sumOf(kind, edges, paths) : null }
}

function sumOf(
  kind: LayoutEdge['kind'],
  edges: readonly LayoutEdge[],
  paths: readonly FlowPath[],
): FlowSum {
  const middles = paths.map(({ curve }) => pointAt(curve, 0.5))
  const mean = (values: readonly number[]) =>
    values.reduce((all, one) => all + one, 0) / Math.max(1, values.length)
  return {
    key: `sum>${paths[0]?.key}`,
    kind,
    edges: edges.map(edgeKey),
    x: mean(middles.map(({ x }) => x)),
    y: mean(middles.map(({ y }) => y)),
  }
}

/** From a primary to its copies: out to the side and back, or downwards where the primary stands above them. */
function routeReplication(request: Request, { from: group, kind, edges }: Bunch): Routed {
  const { boxes, direction } = request
  if (group.density === 'dot' || group.columns > 1 || direction === 'down')
    if (group.density !== 'card') return routeReplicas(direction, group, edges)
  const paths = edges.flatMap((edge, index): FlowPath[] => {
    const [from, to] = [boxes.get(edge.from), boxes.get(edge.to)]
    if (from === undefined || to === undefined) return []
    const curve =
      direction === 'down'
        ? downCurve(middle(from).x, from.y + from.h, middle(to).x, to.y)
        : backCurve(
            from.x + from.w,
            middle(from).y + 8 * (index + 1),
            to.x + to.w,
            middle(to).y,
            40 + 16 * index,
          )
    const key = edgeKey(edge)
    const label =
      direction === 'down' ? pointAt(curve, 0.6) : { x: to.x + to.w + 44, y: middle(to).y }
    return [{ key, kind, curve, edges: [key], label }]
  })
  return { paths, sum: null }
}

/** One line for all copies: beside their tier, or in its title where there is nothing beside it. */
function routeReplicas(
  direction: Layout['direction'],
  group: Group,
  edges: readonly LayoutEdge[],
): Routed {
  const [right, y] = [group.x + group.w, middle(group).y]
  const title = group.y + 15
  const curve =
    direction === 'down'
      ? acrossCurve(group.x + 96, title, right - 96, title)
      : backCurve(right, y - group.h / 4, right, y + group.h / 4, 44)
  const label = direction === 'down' ? { x: right - 50, y: title } : pointAt(curve, 0.5)
  const path = {
    key: 'data>data',
    kind: 'replication',
    curve,
    edges: edges.map(edgeKey),
    label,
  } as const
  return { paths: [path], sum: null }
}

function curveOf(
  { kind }: LayoutEdge,
  from: Box,
  to: Box,
  direction: Layout['direction'],
  leave: number,
  arrive: number,
): Curve {
  if (direction === 'down') return downCurve(middle(from).x, from.y + from.h, middle(to).x, to.y)
  if (kind === 'replication' || from.x >= to.x)
    return backCurve(from.x + from.w, middle(from).y, to.x + to.w, middle(to).y, 40)
  const [y1, y2] = [from.y + spread(from, leave), to.y + spread(to, arrive)]
  return acrossCurve(from.x + from.w, y1, to.x, y2)
}

/** Lines that meet at a node leave it a little apart, in the order of where they go. */
const spread = ({ h }: Rect, part: number): number => h / 2 + (part - 0.5) * Math.min(h - 20, 48)

function placeAmong(
  others: readonly string[],
  name: string,
  boxes: ReadonlyMap<string, Box>,
): number {
  const inOrder = others.toSorted((a, b) => (boxes.get(a)?.y ?? 0) - (boxes.get(b)?.y ?? 0))
  return (inOrder.indexOf(name) + 0.5) / inOrder.length
}

const middle = ({ x, y, w, h }: Rect) => ({ x: x + w / 2, y: y + h / 2 })
