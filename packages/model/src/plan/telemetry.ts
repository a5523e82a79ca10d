import { findHost, findNode, type Goal, isObserver, type State } from '../state.ts'
import type { Step } from '../step.ts'
import type { Node, Topology } from '../topology.ts'
import { bringUp, isBlocked, runsOtherwise, takeOut } from './node-steps.ts'
import { firstStep } from './rule.ts'

/*
 * Those who watch come last and go last: nobody of the app waits for them, and while anything else changes
 * they see it. Only one that has a port which somebody else is to have goes before.
 */

/** One that another node is waiting for the port of goes at once, and is placed anew when its turn comes. */
export function clearPorts(state: State, goal: Goal): Step | undefined {
  const inTheWay = observersOf(state.topology).filter((node) => isInTheWay(state, goal, node))
  return firstStep(inTheWay, (node) => leave(state, node))
}

const isInTheWay = ({ topology }: State, goal: Goal, { name, host, port }: Node): boolean => {
  const addressOf = (found: Topology, of: string) => findHost(found, of)?.address
  const address = addressOf(topology, host)
  return goal.topology.nodes.some(
    (other) =>
      other.name !== name &&
      other.port === port &&
      port !== 0 &&
      addressOf(goal.topology, other.host) === address,
  )
}

/** What is to watch comes up, one after another; one that is to change is stopped, since nobody waits for it. */
export function growObservers(state: State, goal: Goal): Step | undefined {
  return firstStep(observersOf(goal.topology), (node) => {
    if (runsOtherwise(state, goal, node)) return takeOut(state, node)
    return isBlocked(state, goal, node) ? undefined : bringUp(state, goal, node)
  })
}

/** Those that the goal does not have. What they have kept stays in their folders. */
export function shrinkObservers(state: State, goal: Goal): Step | undefined {
  return firstStep(leavingIn(state, goal), (node) => leave(state, node))
}

/** All is to be off: they have seen everything else stop. */
export function haltObservers(state: State): Step | undefined {
  return firstStep(observersOf(state.topology), (node) => takeOut(state, node))
}

const leave = (state: State, node: Node): Step =>
  takeOut(state, node) ?? { kind: 'remove-node', node: node.name }

const leavingIn = ({ topology }: State, goal: Goal): readonly Node[] =>
  observersOf(topology).filter(({ name }) => !findNode(goal.topology, name))

const observersOf = ({ nodes }: Topology): readonly Node[] => nodes.filter(isObserver)
