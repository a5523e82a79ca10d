import { takesRequests } from '../answers.ts'
import { findRunning, type Goal, type State } from '../state.ts'
import type { Step } from '../step.ts'
import type { Node } from '../topology.ts'
import { neededData } from './node-steps.ts'
import { appRunsAsAsked, contractsOwn, runsAsAsked } from './reached.ts'
import { servicesOnTrial } from './trial.ts'

/** What fails to build has changed nothing yet. */
export function buildRelease({ built }: State, { release, builds }: Goal): Step | undefined {
  if (builds && !built.includes(release)) return { kind: 'build-release', release }
}

/** Begins when a node of the release takes requests for each service that an older one answers too. */
export function tryRelease(state: State, goal: Goal): Step | undefined {
  const services = servicesOnTrial(state, goal)
  const tried = state.topology.nodes.filter(
    (node) => takesRequests(state, node) && runs(state, node, goal.release),
  )
  const nodesOf = services.map((service) => tried.filter((node) => node.service === service))
  if (services.length === 0 || nodesOf.some((nodes) => nodes.length === 0)) return
  const nodes = nodesOf.flat().map(({ name }) => name)
  return { kind: 'try-release', release: goal.release, nodes }
}

/** How many copies the database has, and where it is, is no matter of the release. */
export function recordRelease(state: State, goal: Goal): Step | undefined {
  if (state.live !== goal.release && appRunsAsAsked(state, goal))
    return { kind: 'record-release', release: goal.release }
}

export function contractMigrations(state: State, goal: Goal): Step | undefined {
  const { release } = goal
  if (!contractsOwn(goal) || state.contracted === release || !runsAsAsked(state, goal)) return
  return { kind: 'contract-migrations', release, needs: neededData(state, goal) }
}

const runs = (state: State, { name }: Node, release: string): boolean =>
  findRunning(state, name)?.release === release
