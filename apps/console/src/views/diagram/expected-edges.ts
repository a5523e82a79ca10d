import { client, edgeKey, type LayoutEdge, type LayoutNode, type TierName } from './layout-types.ts'

/**
 * The ways that there are whether or not something moves on them now: from clients to whoever takes them in, from
 * there to every node that answers, from those to the primary, from the primary to its copies.
 */
export function expectedEdges(nodes: readonly LayoutNode[]): readonly LayoutEdge[] {
  const of = (...tiers: TierName[]) => nodes.filter(({ tier }) => tiers.includes(tier))
  const [entries, webs, workers, data] = [of('entry'), of('web'), of('worker'), of('data')]
  const primary = data.filter(({ role }) => role === 'primary')
  const replicas = data.filter(({ role }) => role !== 'primary')
  const first = entries.length > 0 ? entries : webs
  return [
    ...first.map(({ name }) => ({ from: client, to: name, kind: 'requests' as const })),
    ...(entries.length > 0 ? pairs(entries, webs, 'requests') : []),
    ...pairs([...webs, ...workers], primary, 'queries'),
    ...pairs(primary, replicas, 'replication'),
  ]
}

/**
 * All ways to draw: those that are expected, and those on which something has moved, between nodes that there are. From
 * one that is no primary any more nothing is copied, whatever was seen before.
 */
export function allEdges(
  nodes: readonly LayoutNode[],
  seen: readonly LayoutEdge[],
): readonly LayoutEdge[] {
  const names = new Set([client, ...nodes.map(({ name }) => name)])
  const replicas = new Set(nodes.flatMap(({ name, role }) => (role === 'replica' ? [name] : [])))
  const edges = new Map<string, LayoutEdge>()
  for (const { from, to, kind } of [...expectedEdges(nodes), ...seen])
    if (
      names.has(from) &&
      names.has(to) &&
      from !== to &&
      !(kind === 'replication' && replicas.has(from))
    )
      edges.set(edgeKey({ from, to, kind }), { from, to, kind })
  return [...edges.values()]
}

const pairs = (
  from: readonly LayoutNode[],
  to: readonly LayoutNode[],
  kind: LayoutEdge['kind'],
): LayoutEdge[] =>
  from.flatMap((one) => to.map((other) => ({ from: one.name, to: other.name, kind })))
