import { isSame } from '../is-same.ts'
import {
  findHost,
  findNode,
  findRunning,
  type Goal,
  isAdmitted,
  isDataNode,
  isObserver,
  isRouted,
  runningGateways,
  runsCode,
  type State,
} from '../state.ts'
import type { Step } from '../step.ts'
import { hasPort, isLeading } from '../step-row.ts'
import type { Node, Tier, Topology } from '../topology.ts'
import { shareOf } from './trial.ts'

export const dataNodes = ({ nodes }: Topology): readonly Node[] => nodes.filter(isDataNode)

/** Services and gateways; those that send requests come after those that they are sent to. */
export const serviceNodes = ({ nodes }: Topology): readonly Node[] => {
  const services = nodes.filter((node) => !isDataNode(node) && !isObserver(node))
  return [
    ...services.filter(({ tier }) => tier !== 'entry'),
    ...services.filter(({ tier }) => tier === 'entry'),
  ]
}

/** Whether a node that is there has to become another one, or to run another release. */
export const isChange = ({ topology, running }: State, goal: Goal, node: Node): boolean => {
  const before = findNode(topology, node.name)
  if (!before) return false
  const release = running.find((other) => other.node === node.name)?.release ?? null
  return !isSame(before, node) || (release !== null && release !== goal.release)
}

/** Whether a node runs, and not as the goal wants it: it can be changed only when it has stopped. */
export const runsOtherwise = (state: State, goal: Goal, node: Node): boolean =>
  findRunning(state, node.name) !== undefined && isChange(state, goal, node)

/** Whether a node does not run, and cannot be where the goal wants it while another one has its port. */
export const isBlocked = (state: State, goal: Goal, node: Node): boolean => {
  const host = findHost(goal.topology, node.host)
  return !findRunning(state, node.name) && host !== undefined && hasPort(state, node, host) !== null
}

/** The next step until a node that does not run otherwise runs as it should, and gets its requests. */
export const bringUp = (state: State, goal: Goal, node: Node): Step | undefined => {
  const host = findHost(goal.topology, node.host)
  // A topology names the host of every node; without it there is no place to put the node.
  if (!host) return
  if (!findNode(state.topology, node.name)) return { kind: kindOfMaking(node), node, host }
  if (findRunning(state, node.name)) return letIn(state, goal, node)
  if (!isChange(state, goal, node)) return startNode(state, goal, node)
  return isAdmitted(state, node.name)
    ? { kind: 'drain-node', node: node.name }
    : { kind: 'change-node', node, host }
}

/** The next step until a node neither runs nor is sent requests to. */
export const takeOut = (state: State, node: Node): Step | undefined => {
  const { name } = node
  const runs = findRunning(state, name) !== undefined
  const isSentTo = isAdmitted(state, name) && (!runs || runningGateways(state).length > 0)
  if (isSentTo) return { kind: 'drain-node', node: name }
  if (runs) return { kind: 'stop-node', node: name, ...markOf(node) }
}

const startNode = (state: State, goal: Goal, node: Node): Step => {
  const release = runsCode(node) ? goal.release : null
  const needs = release === null && isLeading(state, node.name) ? [] : neededData(state, goal)
  return { kind: 'start-node', node: node.name, release, needs, ...markOf(node) }
}

/** What code of the app, and a replica, cannot do without: the primary, or the server that was adopted. */
export const neededData = ({ primary }: State, { topology }: Goal): readonly string[] => {
  const nodes = dataNodes(topology)
  if (nodes.length === 0) return []
  return primary === null ? nodes.map(({ name }) => name) : [primary]
}

const letIn = (state: State, goal: Goal, node: Node): Step | undefined => {
  if (isRouted(node) && !node.entry && !isAdmitted(state, node.name))
    return { kind: 'admit-node', node: node.name, ...shareOf(state, goal, node) }
}

const kindOfMaking = (node: Node) => {
  if (!isDataNode(node)) return 'create-node'
  return node.adopted ? 'adopt-data-node' : 'create-data-node'
}

const markOf = ({ adopted }: Node): { adopted?: true } => (adopted ? { adopted } : {})

const stopOrder: readonly Tier[] = ['entry', 'web', 'worker', 'queue', 'cache', 'data', 'telemetry']

/** What takes requests in stops before what answers them, and the primary before its copies. */
export const byStopOrder = ({ primary }: State, nodes: readonly Node[]): readonly Node[] => {
  const rank = ({ name, tier }: Node): number =>
    stopOrder.indexOf(tier) + (tier === 'data' && name !== primary ? 0.5 : 0)
  return [...nodes].sort((a, b) => rank(a) - rank(b))
}
