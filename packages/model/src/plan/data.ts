import { findNode, findRunning, type Goal, membersOf, primaryRuns, type State } from '../state.ts'
import type { Step } from '../step.ts'
import { hasMigrations, hasOlder } from '../step-row.ts'
import type { Node } from '../topology.ts'
import { takeOutMember } from './members.ts'
import { bringUp, dataNodes, neededData, runsOtherwise, takeOut } from './node-steps.ts'
import { firstStep } from './rule.ts'

/** Somebody who takes writes: the one that did last, or the first one of all. Its copies have time. */
export function bringUpData(state: State, goal: Goal): Step | undefined {
  const adopted = dataNodes(goal.topology).filter((node) => node.adopted)
  return (
    firstStep(adopted, (node) =>
      runsOtherwise(state, goal, node) ? takeOut(state, node) : bringUp(state, goal, node),
    ) ?? bringUpPrimary(state, goal)
  )
}

/** One that the goal does not have is needed all the same, for as long as no other has taken its place. */
const bringUpPrimary = (state: State, goal: Goal): Step | undefined => {
  const [first, second] = membersOf(goal.topology)
  if (!first) return
  if (state.primary === null) return bringUp(state, goal, first)
  const now = findNode(state.topology, state.primary)
  const wanted = findNode(goal.topology, state.primary)
  if (!primaryRuns(state))
    return bringUp(state, wanted ? goal : asItIs(state, goal), wanted ?? now ?? first)
  if (wanted && !second && runsOtherwise(state, goal, wanted)) return takeOutAlone(state, wanted)
}

/** Who changes in its place has no heir, then or meanwhile: nobody takes over from it while it stops. */
const takeOutAlone = (state: State, node: Node): Step | undefined => {
  const [waitedFor] = state.confirming
  return waitedFor === undefined
    ? takeOut(state, node)
    : { kind: 'make-asynchronous', node: waitedFor }
}

/** The same goal, of which the nodes that are there are to stay as they are. */
const asItIs = ({ topology }: State, goal: Goal): Goal => ({ ...goal, topology })

/**
 * Nothing is taken away while something older could need it: that waits for `contractMigrations`. What is
 * written is acknowledged only when enough of those confirm it who are to, so that they run before.
 */
export function applyMigrations(state: State, goal: Goal): Step | undefined {
  const { topology, release } = goal
  const nodes = dataNodes(topology)
  if (nodes.length === 0 || hasMigrations(state, release)) return
  const needs = neededData(state, goal)
  if (nodes.some(({ adopted }) => adopted)) return { kind: 'inspect-data', release, needs }
  const isWhole =
    (state.live === null || state.live === release) && hasOlder(state, release) === null
  return (
    bringUpConfirming(state, goal) ?? {
      kind: 'apply-migrations',
      release,
      needs,
      ...(isWhole && { whole: true }),
    }
  )
}

const bringUpConfirming = (state: State, goal: Goal): Step | undefined => {
  const { confirming } = state
  const running = confirming.filter((name) => findRunning(state, name))
  if (running.length >= Math.min(goal.quorum ?? 1, confirming.length)) return
  return firstStep(confirming, (name) => {
    const node = findNode(state.topology, name)
    return node && !findRunning(state, name) ? bringUp(state, asItIs(state, goal), node) : undefined
  })
}

/** The one that others are copies of stops first, so that they have everything when they stop. */
export function stopData(state: State, goal: Goal): Step | undefined {
  const nodes = dataNodes(state.topology)
  const isToStop = goal.power === 'off' || dataNodes(goal.topology).length === 0
  if (isToStop) return firstStep(primaryFirst(state, nodes), (node) => takeOutMember(state, node))
  const adopted = nodes.filter((node) => node.adopted && isGone(goal, node))
  return firstStep(adopted, (node) => takeOut(state, node))
}

export function destroyData(state: State, goal: Goal): Step | undefined {
  const { topology, running } = state
  if (goal.power === 'on' || !goal.destroyData || running.some(({ release }) => release !== null))
    return
  const node = primaryFirst(state, dataNodes(topology)).findLast((other) => isGone(goal, other))
  // The primary goes last of all: a copy that stays would be one of nothing.
  if (!node || (node.name === state.primary && membersOf(topology).length > 1)) return
  return { kind: node.adopted ? 'release-data-node' : 'destroy-data-node', node: node.name }
}

const primaryFirst = ({ primary }: State, nodes: readonly Node[]): readonly Node[] => [
  ...nodes.filter(({ name }) => name === primary),
  ...nodes.filter(({ name }) => name !== primary),
]

const isGone = ({ topology }: Goal, { name }: Node): boolean => !findNode(topology, name)
