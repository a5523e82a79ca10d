import { findNode, findRunning, type Goal, isAdmitted, isRouted, type State } from '../state.ts'
import type { Node } from '../topology.ts'
import { isDataRight } from './members.ts'
import { dataNodes, isChange, serviceNodes } from './node-steps.ts'

/**
 * Whether everything runs that a goal asks for, as it asks for it, and nothing else of the app does; and
 * its release is the live one, with nothing left to contract.
 */
export const isReached = (state: State, goal: Goal): boolean => {
  if (goal.power === 'off') return state.running.length === 0
  const isContracted = !contractsOwn(goal) || state.contracted === goal.release
  return runsAsAsked(state, goal) && state.live === goal.release && isContracted
}

/** Whether what runs is what a goal asks for, whatever is recorded of that. */
export const runsAsAsked = (state: State, goal: Goal): boolean =>
  goal.topology.nodes.every((node) => serves(state, goal, node)) &&
  state.running.every(({ node }) => findNode(goal.topology, node)) &&
  isDataRight(state, goal)

/** Whether of the app everything runs that a goal asks for, as it asks for it, and nothing else. */
export const appRunsAsAsked = (state: State, goal: Goal): boolean =>
  serviceNodes(goal.topology).every((node) => serves(state, goal, node)) &&
  serviceNodes(state.topology).every(
    ({ name }) => findNode(goal.topology, name) || !findRunning(state, name),
  )

/** Whether contract migrations are asked for, and there is a database of ours to apply them to. */
export const contractsOwn = ({ contracts, topology }: Goal): boolean => {
  const nodes = dataNodes(topology)
  return contracts === true && nodes.length > 0 && nodes.every(({ adopted }) => !adopted)
}

const serves = (state: State, goal: Goal, node: Node): boolean =>
  findRunning(state, node.name) !== undefined &&
  !isChange(state, goal, node) &&
  (!isRouted(node) || node.entry === true || isAdmitted(state, node.name))
