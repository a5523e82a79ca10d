import type { Graph } from './list-graph.ts'

/**
 * The strongly connected components that have more than one node: every cycle lies within one of them.
 * Tarjan's algorithm with a stack of its own, since a history is deeper than the call stack.
 */
export function components(graph: Graph): readonly (readonly number[])[] {
  const { nodes, starts, to } = graph
  const order = new Int32Array(nodes).fill(-1)
  const low = new Int32Array(nodes)
  const isOpen = new Uint8Array(nodes)
  const nextEdge = starts.slice(0, nodes)
  const open: number[] = []
  const found: number[][] = []
  let count = 0
  for (let root = 0; root < nodes; root += 1) {
    if (order[root] !== -1) continue
    const path = [root]
    while (path.length > 0) {
      const node = path[path.length - 1] as number
      if (order[node] === -1) {
        order[node] = low[node] = count++
        isOpen[node] = 1
        open.push(node)
      }
      const edge = nextEdge[node] as number
      if (edge < (starts[node + 1] as number)) {
        nextEdge[node] = edge + 1
        const target = to[edge] as number
        if (order[target] === -1) path.push(target)
        else if (isOpen[target]) low[node] = Math.min(low[node] as number, order[target] as number)
        continue
      }
      path.pop()
      const parent = path[path.length - 1]
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number)
      if (low[node] === order[node]) {
        const component = open.splice(open.lastIndexOf(node))
        for (const member of component) isOpen[member] = 0
        if (component.length > 1) found.push(component)
      }
    }
  }
  return found
}
