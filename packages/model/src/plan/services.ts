import { takesRequests } from '../answers.ts'
import { findNode, findRunning, type Goal, isBalancer, isRouted, type State } from '../state.ts'
import type { Step } from '../step.ts'
import type { Node } from '../topology.ts'
import {
  bringUp,
  byStopOrder,
  isBlocked,
  runsOtherwise,
  serviceNodes,
  takeOut,
} from './node-steps.ts'
import { firstStep, ifHarmless } from './rule.ts'
import { stoodInFor } from './stand-in.ts'
import { standInName } from './stand-in-name.ts'
import { isHeld } from './trial.ts'

/** Nodes that do not run serve nobody: they are placed, changed and started without a thought for others. */
export function addServices(state: State, goal: Goal): Step | undefined {
  const waiting = serviceNodes(goal.topology).filter((node) => !runsOtherwise(state, goal, node))
  return firstStep(waiting, (node) =>
    ifHarmless(
      state,
      goal,
      isBlocked(state, goal, node) ? giveWay(state, node) : bringUp(state, goal, node),
    ),
  )
}

/**
 * A node that waits for the port of another one must not keep a port that the other one waits for. It
 * goes when its stand-in runs; a worker has none.
 */
const giveWay = (state: State, { name }: Node): Step | undefined => {
  const node = findNode(state.topology, name)
  if (!node || (node.tier !== 'worker' && !findRunning(state, standInName(name)))) return
  return takeOut(state, node) ?? { kind: 'remove-node', node: name }
}

/** Who runs otherwise and gets no requests is missed by nobody, whatever is still to be tried. */
export function changeIdle(state: State, goal: Goal): Step | undefined {
  return change(state, goal, ({ name }) => {
    const node = findNode(state.topology, name)
    return node !== undefined && isRouted(node) && !takesRequests(state, node)
  })
}

export function changeServices(state: State, goal: Goal): Step | undefined {
  return change(state, goal, ({ tier }) => tier !== 'worker')
}

/** Nobody waits for what a worker does, so that it is changed last. */
export function changeWorkers(state: State, goal: Goal): Step | undefined {
  return change(state, goal, ({ tier }) => tier === 'worker')
}

const change = (state: State, goal: Goal, isMeant: (node: Node) => boolean): Step | undefined => {
  const wrong = serviceNodes(goal.topology).filter(
    (node) => isMeant(node) && runsOtherwise(state, goal, node),
  )
  return firstStep(wrong, (node) => takeOutUnheld(state, goal, node))
}

export function stopServices(state: State, goal: Goal): Step | undefined {
  return firstStep(byStopOrder(state, leaving(state, goal)), (node) =>
    takeOutUnheld(state, goal, node),
  )
}

/** The node as it is now says whether it answers; as the goal has it, it may stand elsewhere. */
const takeOutUnheld = (state: State, goal: Goal, { name }: Node): Step | undefined => {
  const node = findNode(state.topology, name)
  if (node && !isHeld(state, goal, node)) return ifHarmless(state, goal, takeOut(state, node))
}

export function removeServices(state: State, goal: Goal): Step | undefined {
  return firstStep(leaving(state, goal), (node) =>
    isWithoutHeir(state, goal, node)
      ? undefined
      : ifHarmless(state, goal, { kind: 'remove-node', node: node.name }),
  )
}

/** A balancer whose place another one is to take stays for as long as that one is not there, stopped or not. */
const isWithoutHeir = ({ topology }: State, goal: Goal, node: Node): boolean =>
  isBalancer(node) &&
  goal.topology.nodes.some((heir) => isBalancer(heir) && !findNode(topology, heir.name))

/** All is to be off: what exists stays, unless the goal has it no more. */
export function haltServices(state: State): Step | undefined {
  return firstStep(byStopOrder(state, serviceNodes(state.topology)), (node) => takeOut(state, node))
}

/** The nodes that the goal does not have; a stand-in is not one of them for as long as it stands in. */
const leaving = (state: State, goal: Goal): readonly Node[] => {
  const kept = stoodInFor(state, goal).map(({ name }) => standInName(name))
  return serviceNodes(state.topology).filter(
    ({ name }) => !findNode(goal.topology, name) && !kept.includes(name),
  )
}
