import type {
  ControlEvent,
  Flow,
  LiveMessage,
  LiveState,
  NodeStatus,
  Status,
} from '@banyan/control/api'

/**
 * What has come and is not shown yet: of each thing the newest, so that a tab that draws nothing for an hour
 * holds no more than one that draws sixty times a second.
 */
export type Pending = {
  hello: LiveState | null
  status: Omit<Status, 'nodes'> | null
  /** Null: the node is gone. */
  readonly nodes: Map<string, NodeStatus | null>
  events: ControlEvent[]
  flow: Flow | null | undefined
}

/** The most events that a page keeps. */
export const eventsMax = 1_000

export const nothingPending = (): Pending => ({
  hello: null,
  status: null,
  nodes: new Map(),
  events: [],
  flow: undefined,
})

/** Adds a message to what is pending; everything that was pending goes when all is told anew. */
export function addPending(pending: Pending, message: LiveMessage): Pending {
  switch (message.type) {
    case 'hello':
      return { ...nothingPending(), hello: message.state }
    case 'nodes':
      for (const node of message.nodes) pending.nodes.set(node.name, node)
      for (const name of message.gone) pending.nodes.set(name, null)
      return pending
    case 'status':
      pending.status = message.status
      return pending
    case 'event':
      pending.events.push(message.event)
      if (pending.events.length > eventsMax) pending.events.shift()
      return pending
    case 'flow':
      pending.flow = message.flow
      return pending
  }
}
