import * as change from './change-topology.ts'
import {
  findHost,
  findNode,
  findRunning,
  isAdmitted,
  isDataNode,
  isRouted,
  runningGateways,
  type State,
} from './state.ts'
import { hasPort, isFree, isLeftAlone, type StepRows } from './step-row.ts'

type Kinds = 'create-node' | 'admit-node' | 'drain-node' | 'remove-node'

/** The steps that only service processes and gateways know. */
export const serviceRows: StepRows<Kinds> = {
  'create-node': {
    requires: 'No node has its name, and none on its host its port.',
    obstacle: (state, { node, host }) => {
      if (isDataNode(node)) return `${node.name} is a database server`
      return isFree(state, node.name) ?? hasPort(state, node, host)
    },
    effect: (state, { node, host }) => change.putNode(state, node, host),
    undo: (_state, { node }) => ({ kind: 'remove-node', node: node.name }),
    sentence: ({ node, host }) => `Place ${node.name} on ${host.name}.`,
  },
  'admit-node': {
    requires:
      'It runs, answers routes, and does not take its requests from the public address itself.',
    obstacle: (state, { node }) => {
      const found = findNode(state.topology, node)
      if (!found) return `there is no node ${node}`
      if (!isRouted(found)) return `${node} answers no routes`
      if (found.entry) return `${node} takes its requests from the public address itself`
      if (isAdmitted(state, node)) return `requests go to ${node} already`
      return findRunning(state, node) ? null : `${node} does not run`
    },
    effect: (state, { node }) => change.admit(state, node),
    undo: (_state, { node }) => ({ kind: 'drain-node', node }),
    sentence: ({ node, share }) =>
      share === undefined
        ? `Let requests go to ${node}.`
        : `Let a first share of the requests (${share}%) go to ${node}.`,
  },
  'drain-node': {
    requires: 'Requests go to it.',
    obstacle: (state, { node }) => (isAdmitted(state, node) ? null : `no requests go to ${node}`),
    effect: (state, { node }) => change.drain(state, node),
    undo: (state, { node }) => (findRunning(state, node) ? { kind: 'admit-node', node } : null),
    sentence: ({ node }) => `Send ${node} nothing new, and wait until it has answered.`,
    final: 'A server that does not run gets no requests.',
  },
  'remove-node': {
    requires: 'It has stopped, and no requests go to it.',
    obstacle: (state, { node }) => {
      const found = findNode(state.topology, node)
      return found && isDataNode(found) ? `${node} is a database server` : isLeftAlone(state, node)
    },
    effect: (state, { node }) => change.dropNode(state, node),
    undo: ({ topology }, { node }) => {
      const found = findNode(topology, node)
      const host = found && findHost(topology, found.host)
      return found && host ? { kind: 'create-node', node: found, host } : null
    },
    sentence: ({ node }) => `Remove ${node}.`,
  },
}

/** While a gateway sends requests to a node, it is drained there before it is told to stop. */
export const isStillSentTo = (state: State, node: string): string | null => {
  const [gateway] = runningGateways(state)
  return gateway && isAdmitted(state, node)
    ? `${gateway.name} still sends requests to ${node}`
    : null
}
