import { findNode, type Goal, type State } from '../state.ts'
import type { Step } from '../step.ts'
import { hasMigrations, hasOlder } from '../step-row.ts'
import type { Node } from '../topology.ts'
import { bringUp, dataNodes, runsOtherwise, takeOut } from './node-steps.ts'
import { firstStep } from './rule.ts'

export function bringUpData(state: State, goal: Goal): Step | undefined {
  return firstStep(dataNodes(goal.topology), (node) =>
    runsOtherwise(state, goal, node) ? takeOut(state, node) : bringUp(state, goal, node),
  )
}

/** Nothing is taken away while something older could need it: that waits for `contractMigrations`. */
export function applyMigrations(state: State, { topology, release }: Goal): Step | undefined {
  const nodes = dataNodes(topology)
  if (nodes.length === 0 || hasMigrations(state, release)) return
  const needs = nodes.map(({ name }) => name)
  if (nodes.some(({ adopted }) => adopted)) return { kind: 'inspect-data', release, needs }
  const isWhole =
    (state.live === null || state.live === release) && hasOlder(state, release) === null
  return { kind: 'apply-migrations', release, needs, ...(isWhole && { whole: true }) }
}

export function stopData(state: State, goal: Goal): Step | undefined {
  return firstStep(dataNodes(state.topology), (node) =>
    goal.power === 'off' || isGone(goal, node) ? takeOut(state, node) : undefined,
  )
}

export function destroyData({ topology, running }: State, goal: Goal): Step | undefined {
  if (goal.power === 'on' || !goal.destroyData || running.some(({ release }) => release !== null))
    return
  const node = dataNodes(topology).find((other) => isGone(goal, other))
  if (node) {
    return { kind: node.adopted ? 'release-data-node' : 'destroy-data-node', node: node.name }
  }
}

const isGone = ({ topology }: Goal, { name }: Node): boolean => !findNode(topology, name)
