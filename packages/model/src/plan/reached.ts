import { findNode, findRunning, type Goal, isAdmitted, isRouted, type State } from '../state.ts'
import type { Node } from '../topology.ts'
import { isChange } from './node-steps.ts'

/** Whether everything runs that a goal asks for, as it asks for it, and nothing else of the app does. */
export const isReached = (state: State, goal: Goal): boolean => {
  if (goal.power === 'off') return state.running.length === 0
  return (
    goal.topology.nodes.every((node) => serves(state, goal, node)) &&
    state.running.every(({ node }) => findNode(goal.topology, node))
  )
}

const serves = (state: State, goal: Goal, node: Node): boolean =>
  findRunning(state, node.name) !== undefined &&
  !isChange(state, goal, node) &&
  (!isRouted(node) || node.entry === true || isAdmitted(state, node.name))
