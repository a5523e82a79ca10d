import { components } from './list-components.ts'
import { bitsOf, type Graph, GraphBuilder, kindOf } from './list-graph.ts'

/** A cycle: nodes, each with the kind of the edge that leads to the next, and from the last to the first. */
export type Cycle = readonly { readonly node: number; readonly kind: ReturnType<typeof kindOf> }[]

/** Where to look for a shorter cycle, and how many edges to follow before any will do. */
const startsMax = 40
const edgesMax = 3_000_000

/** The part of a graph with some nodes, numbered anew in that order, and some kinds of edges. */
export function subgraph(graph: Graph, nodes: readonly number[], kinds: number): Graph {
  const numbers = new Map(nodes.map((node, number) => [node, number]))
  const builder = new GraphBuilder(nodes.length)
  for (const [number, node] of nodes.entries()) {
    for (let edge = graph.starts[node] ?? 0; edge < (graph.starts[node + 1] ?? 0); edge += 1) {
      const target = numbers.get(graph.to[edge] ?? -1)
      const bit = graph.kinds[edge] ?? 0
      if (target !== undefined && bit & kinds) builder.addEdge(number, target, kindOf(bit))
    }
  }
  return builder.build()
}

/** A short cycle of any edges of a graph. */
export function anyCycle(graph: Graph): Cycle | null {
  const [component] = components(graph)
  if (!component) return null
  const inner = subgraph(graph, component, ~0)
  const found = component
    .slice(0, startsMax)
    .flatMap((_node, start) => pathsBack(inner, start, start, ~0, { edges: edgesMax }) ?? [])
    .reduce<Cycle | null>(
      (best, cycle) => (best && best.length <= cycle.length ? best : cycle),
      null,
    )
  return found?.map(({ node, kind }) => ({ node: component[node] ?? 0, kind })) ?? null
}

/** The result as a list of at most one, so that it can be chosen from. */
function pathsBack(
  graph: Graph,
  from: number,
  to: number,
  kinds: number,
  budget: { edges: number },
) {
  const path = shortestPath(graph, from, to, kinds, budget)
  return path ? [path] : null
}

/** A cycle with exactly one anti-dependency: back from where it leads to by the other kinds alone. */
export function singleCycle(graph: Graph): Cycle | null {
  const [anti, others] = [bitsOf('rw'), bitsOf('ww', 'wr', 'time')]
  const budget = { edges: edgesMax }
  for (let node = 0; node < graph.nodes; node += 1) {
    for (let edge = graph.starts[node] ?? 0; edge < (graph.starts[node + 1] ?? 0); edge += 1) {
      if (!((graph.kinds[edge] ?? 0) & anti)) continue
      const back = shortestPath(graph, graph.to[edge] ?? 0, node, others, budget)
      if (back) return [{ node, kind: 'rw' }, ...back]
    }
  }
  return null
}

/**
 * A cycle in which no two anti-dependencies follow each other, which snapshot isolation rules out.
 * Each node is there twice: reached by an anti-dependency or not; from the first none leads on.
 */
export function nonadjacentCycle(graph: Graph): Cycle | null {
  const builder = new GraphBuilder(graph.nodes * 2)
  const anti = bitsOf('rw')
  for (let node = 0; node < graph.nodes; node += 1) {
    for (let edge = graph.starts[node] ?? 0; edge < (graph.starts[node + 1] ?? 0); edge += 1) {
      const [target, bit] = [graph.to[edge] ?? 0, graph.kinds[edge] ?? 0]
      const isAnti = (bit & anti) !== 0
      if (!isAnti) builder.addEdge(node * 2 + 1, target * 2, kindOf(bit))
      builder.addEdge(node * 2, target * 2 + (isAnti ? 1 : 0), kindOf(bit))
    }
  }
  const cycle = anyCycle(builder.build())
  return cycle?.map(({ node, kind }) => ({ node: node >> 1, kind })) ?? null
}

/** The shortest way from one node to another, or back to itself, breadth first. */
function shortestPath(
  graph: Graph,
  from: number,
  to: number,
  kinds: number,
  budget: { edges: number },
): Cycle | null {
  const cameFrom = new Map<number, { readonly node: number; readonly bit: number }>()
  const queue = [from]
  for (let at = 0; at < queue.length && budget.edges > 0; at += 1) {
    const node = queue[at] as number
    for (let edge = graph.starts[node] ?? 0; edge < (graph.starts[node + 1] ?? 0); edge += 1) {
      budget.edges -= 1
      const [target, bit] = [graph.to[edge] ?? 0, graph.kinds[edge] ?? 0]
      if (!(bit & kinds) || cameFrom.has(target)) continue
      cameFrom.set(target, { node, bit })
      if (target === to) return pathTo(cameFrom, from, to)
      queue.push(target)
    }
  }
  return null
}

function pathTo(
  cameFrom: ReadonlyMap<number, { readonly node: number; readonly bit: number }>,
  from: number,
  to: number,
): Cycle {
  const path: { node: number; kind: ReturnType<typeof kindOf> }[] = []
  for (let node = to; ; ) {
    const step = cameFrom.get(node)
    if (!step) break
    path.unshift({ node: step.node, kind: kindOf(step.bit) })
    node = step.node
    if (node === from) break
  }
  return path
}
