import { findHost, findNode, findRunning, type Goal, isRouted, type State } from '../state.ts'
import type { Step } from '../step.ts'
import type { Node } from '../topology.ts'
import { bringUp, isBlocked, runsOtherwise, serviceNodes, takeOut } from './node-steps.ts'
import { firstStep, ifHarmless } from './rule.ts'
import { standInName } from './stand-in-name.ts'

/*
 * A node that has to stop before it can change, and that nobody replaces meanwhile, gets a stand-in: the
 * node that it is going to be, beside it, under a name and at a port of its own. It comes up first, and
 * goes when the node is back. So does one that waits for a port that somebody has who is still needed.
 */

/**
 * The nodes that a stand-in is kept for: they run, and not as the goal wants it, or cannot come up because
 * somebody has their port. Workers have none: nobody waits for their answer, and two would be one too many.
 */
export const stoodInFor = (state: State, goal: Goal): readonly Node[] => {
  const firsts = firstOfChanging(state, goal)
  return serviceNodes(goal.topology).filter(
    (node) =>
      (isRouted(node) || node.entry) &&
      (runsOtherwise(state, goal, node) || isBlocked(state, goal, node) || firsts.includes(node)),
  )
}

/** A change of the release takes nobody out before a stand-in answers beside them, and until the last has changed. */
export function doubleChanging(state: State, goal: Goal): Step | undefined {
  return firstStep(firstOfChanging(state, goal), (node) => bringUpStandIn(state, goal, node))
}

export function bringUpStandIns(state: State, goal: Goal): Step | undefined {
  return firstStep(stoodInFor(state, goal), (node) => bringUpStandIn(state, goal, node))
}

/** The first node of each service with routes that has nodes of another release. */
const firstOfChanging = (state: State, goal: Goal): readonly Node[] => {
  const isOlder = ({ name }: Node): boolean => {
    const release = findRunning(state, name)?.release ?? null
    return release !== null && release !== goal.release
  }
  const nodes = serviceNodes(goal.topology).filter(isRouted)
  const changing = new Set(nodes.filter(isOlder).map(({ service }) => service))
  return nodes.filter(
    ({ service }, index) =>
      changing.has(service) && nodes.findIndex((other) => other.service === service) === index,
  )
}

const bringUpStandIn = (state: State, goal: Goal, node: Node): Step | undefined => {
  const standIn = standInOf(state, goal, node)
  const step = runsOtherwise(state, goal, standIn)
    ? takeOut(state, standIn)
    : bringUp(state, goal, standIn)
  return ifHarmless(state, goal, step)
}

const standInOf = (state: State, goal: Goal, node: Node): Node => {
  const name = standInName(node.name)
  return { ...node, name, port: portOf(name, state, goal, node) }
}

/** The next port of the address that no other node has, now or in the goal; one that it has it keeps. */
const portOf = (name: string, state: State, goal: Goal, { host, port }: Node): number => {
  if (port === 0) return 0
  const address = findHost(goal.topology, host)?.address
  const others = [state.topology, goal.topology].flatMap((topology) =>
    topology.nodes.filter(
      (node) => node.name !== name && findHost(topology, node.host)?.address === address,
    ),
  )
  const isTaken = (candidate: number): boolean => others.some((node) => node.port === candidate)
  const before = findNode(state.topology, name)
  if (before && before.host === host && before.port !== 0 && !isTaken(before.port))
    return before.port
  let candidate = after(port)
  while (isTaken(candidate)) candidate = after(candidate)
  return candidate
}

const after = (port: number): number => (port < 65_535 ? port + 1 : 1024)
