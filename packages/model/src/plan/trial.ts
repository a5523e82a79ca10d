import { olderAnswering, routedServices, takesRequests } from '../answers.ts'
import { findRunning, type Goal, type State } from '../state.ts'
import type { Node } from '../topology.ts'
import { isStandIn } from './stand-in-name.ts'

/** How much of a service's requests a node of a release gets until that was found no worse. */
const firstSharePercent = 10

/** The services for which the release is still to be compared with an older one that answers them. */
export const servicesOnTrial = (state: State, goal: Goal): readonly string[] => {
  if (goal.power === 'off' || !goal.trial || state.tried === goal.release) return []
  const older = new Set(olderAnswering(state, goal.release).map(({ service }) => service))
  return routedServices(goal.topology).filter((service) => older.has(service))
}

/** A node that is let in beside older ones before its release was tried gets a first share only. */
export const shareOf = (state: State, goal: Goal, { service = '' }: Node): { share?: number } => {
  const isBeside = olderAnswering(state, goal.release).some(
    (older) => older.service === service && !older.entry,
  )
  return isBeside && servicesOnTrial(state, goal).includes(service)
    ? { share: firstSharePercent }
    : {}
}

/**
 * Whether a node is left as it is until the release has been tried: an older one that requests go to, or
 * that works for nobody in particular. A stand-in is not: what it stands in for is.
 */
export const isHeld = (state: State, goal: Goal, node: Node): boolean => {
  const release = findRunning(state, node.name)?.release ?? null
  if (release === null || release === goal.release || isStandIn(node.name)) return false
  return (
    servicesOnTrial(state, goal).length > 0 && (node.tier !== 'web' || takesRequests(state, node))
  )
}
