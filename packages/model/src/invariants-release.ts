import { takesRequests } from './answers.ts'
import { isStandIn } from './plan/stand-in-name.ts'
import { findNode, findRunning, type Goal, isRouted, runningGateways, type State } from './state.ts'
import { hasOlder } from './step-row.ts'
import type { Node } from './topology.ts'

/*
 * What a change of the release may never show. None of it asks the rules of the plan: it is said again
 * here, in terms of what runs before a step and after it.
 */

/** Nothing is taken away that somebody needs, and what is recorded as live is what runs. */
export const brokenByRecord = (before: State, after: State): string | null => {
  if (after.contracted !== before.contracted && after.contracted !== null) {
    const release = after.contracted
    if (before.live !== null && before.live !== release)
      return `release ${release} was contracted while ${before.live} was live`
    const older = hasOlder(before, release)
    if (older !== null) return `release ${release} was contracted, and ${older}`
  }
  if (after.live === before.live) return null
  const older = after.live === null ? 'nothing else is' : hasOlder(after, after.live)
  return older === null ? null : `release ${after.live} was recorded as live, and ${older}`
}

/** What a step on the way to a release may not do. */
export const brokenByRelease = (before: State, after: State, goal: Goal): string | null =>
  startedUnbuilt(before, after, goal) ??
  goneUntried(before, after, goal) ??
  grownThin(before, after, goal)

const startedUnbuilt = (before: State, after: State, { builds, release }: Goal): string | null => {
  if (!builds || before.built.includes(release)) return null
  const started = after.running.find(
    (running) => running.release === release && !findRunning(before, running.node),
  )
  return started ? `${started.node} was started before release ${release} was built` : null
}

/** Until a release was tried, every other process goes on: the ones that answer, and those that work. */
const goneUntried = (before: State, after: State, goal: Goal): string | null => {
  if (!goal.trial || after.tried === goal.release) return null
  const older = before.topology.nodes.filter((node) => isOlder(before, node, goal))
  if (!older.some((node) => isCompared(before, node, goal))) return null
  const gone = older.find(
    (node) =>
      !isStandIn(node.name) &&
      (takesRequests(before, node) || node.tier === 'worker') &&
      !goesOn(before, after, node),
  )
  return gone ? `${gone.name} was taken out before release ${goal.release} was tried` : null
}

/** While a release goes through the processes of a service, as many answer as are to in the end. */
const grownThin = (before: State, after: State, goal: Goal): string | null => {
  const services = new Set(
    goal.topology.nodes
      .filter((node) => isRouted(node) && isOlder(before, node, goal))
      .map(({ service }) => service),
  )
  for (const service of services) {
    const count = answering(after, service)
    const wanted = goal.topology.nodes.filter((node) => node.service === service).length
    if (count < answering(before, service) && count < wanted)
      return `${count} of ${wanted} processes answer for ${service}`
  }
  return null
}

const isOlder = (state: State, { name }: Node, { release }: Goal): boolean => {
  const runs = findRunning(state, name)?.release ?? null
  return runs !== null && runs !== release
}

const isCompared = (state: State, node: Node, { topology }: Goal): boolean =>
  takesRequests(state, node) &&
  topology.nodes.some((other) => isRouted(other) && other.service === node.service)

const goesOn = (before: State, after: State, { name }: Node): boolean => {
  const node = findNode(after.topology, name)
  const isSame = findRunning(before, name)?.release === findRunning(after, name)?.release
  return node !== undefined && isSame && (!isRouted(node) || takesRequests(after, node))
}

const answering = (state: State, service: string | undefined): number => {
  const isReached = runningGateways(state).length > 0
  return state.topology.nodes.filter(
    (node) =>
      node.service === service && takesRequests(state, node) && (node.entry === true || isReached),
  ).length
}
