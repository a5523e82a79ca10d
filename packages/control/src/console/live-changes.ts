import type { NodeStatus, Status } from '../api/types.ts'
import type { LiveMessage } from './types.ts'

/** Tells what of a status is other than before, so that only that is sent. */
export class LiveChanges {
  #nodes = new Map<string, string>()
  #rest = ''

  /** The messages that lead from what was seen last to this. */
  take(status: Status): LiveMessage[] {
    const { nodes, ...rest } = status
    const messages: LiveMessage[] = []
    const seen = new Map(nodes.map((node) => [node.name, sign(node)]))
    const changed = nodes.filter(({ name }) => seen.get(name) !== this.#nodes.get(name))
    const gone = [...this.#nodes.keys()].filter((name) => !seen.has(name))
    if (changed.length > 0 || gone.length > 0)
      messages.push({ type: 'nodes', nodes: changed, gone })
    const text = JSON.stringify(rest)
    if (text !== this.#rest) messages.push({ type: 'status', status: rest })
    this.#nodes = seen
    this.#rest = text
    return messages
  }
}

/** The time that a node is up changes by itself, and whoever was told once can reckon it. */
function sign(node: NodeStatus): string {
  return JSON.stringify(node, (key, value) => (key === 'uptimeMs' ? undefined : value))
}
