import { isSame } from './is-same.ts'
import {
  findNode,
  findRunning,
  type Goal,
  isDataNode,
  membersOf,
  primaryRuns,
  type State,
} from './state.ts'

/*
 * What may never be seen of the database servers. None of it asks the rules of the plan: it is said again
 * here, in terms of who leads, who follows, and who has to have a commit before it is acknowledged.
 */

/** Exactly one of the servers that are ours leads; null as long as there is none. */
export const brokenLead = ({ topology, primary }: State): string | null => {
  const [member] = membersOf(topology)
  if (primary === null) return member ? `nobody leads, and ${member.name} is there` : null
  return membersOf(topology).some(({ name }) => name === primary)
    ? null
    : `${primary} leads, and is no server of ours`
}

/** Whoever confirms what the primary writes is a copy of it, and is asked once. */
export const brokenConfirmation = ({ topology, primary, confirming }: State): string | null => {
  const wrong = confirming.find(
    (name, index) =>
      name === primary ||
      confirming.indexOf(name) < index ||
      !membersOf(topology).some((member) => member.name === name),
  )
  return wrong === undefined ? null : `${wrong} confirms`
}

/** What `split` and `replicated` promise of places and numbers, while they are recorded. */
export const brokenByPlaces = ({ topology }: State): string | null => {
  const { rungs, nodes } = topology
  const members = membersOf(topology)
  const shared = members.find(({ host }) =>
    nodes.some((node) => !isDataNode(node) && node.host === host),
  )
  if (rungs.includes('split') && shared) return `split, and ${shared.name} shares its host`
  if (!rungs.includes('replicated')) return null
  const hosts = new Set(members.map(({ host }) => host))
  return hosts.size > 1 ? null : 'replicated, and the database is on one host only'
}

/**
 * Data goes only when nothing runs that could use it: but a copy goes while the primary runs, which has
 * what it has, when it does not run itself and nobody waits for its confirmation.
 */
export const lostData = (before: State, after: State): string | null => {
  const gone = before.topology.nodes.find(
    (node) => isDataNode(node) && !findNode(after.topology, node.name),
  )
  if (!gone) return null
  const { name } = gone
  if (findRunning(before, name)) return `${name} was deleted while it ran`
  const user = before.running.find(({ release }) => release !== null)
  if (name === before.primary) {
    const [copy] = membersOf(after.topology)
    if (copy) return `${name} was deleted, and its copy ${copy.name} was not`
  } else if (primaryRuns(before)) {
    return before.confirming.includes(name) ? `${name} was deleted while commits wait for it` : null
  }
  return user ? `${name} was deleted while ${user.node} ran` : null
}

/** Whoever begins to lead has everything: what was acknowledged waited for it, and the one before it runs. */
export const brokenLeadChange = (before: State, after: State): string | null => {
  if (before.primary === null || after.primary === null || before.primary === after.primary)
    return null
  if (!before.confirming.includes(after.primary))
    return `${after.primary} leads, and may lack commits`
  if (!findRunning(before, after.primary)) return `${after.primary} leads, and did not run`
  return primaryRuns(before) ? null : `${before.primary} was taken over from, and did not run`
}

/** What a step of a climb may not do to a database that is to be there afterwards. */
export const brokenByMembers = (before: State, after: State, goal: Goal): string | null => {
  if (membersOf(goal.topology).length === 0) return null
  return lostPrimary(before, after, goal) ?? unconfirmed(before, after, goal)
}

/** The primary stops only to change, where nobody is to be there who could take its place. */
const lostPrimary = (before: State, after: State, { topology }: Goal): string | null => {
  if (!primaryRuns(before) || primaryRuns(after)) return null
  const [only, second] = membersOf(topology)
  const isAlone = !second && only?.name === before.primary && before.confirming.length === 0
  const isChanged = !isSame(only, findNode(before.topology, only?.name ?? ''))
  return isAlone && isChanged ? null : `${before.primary} led, and nobody does any more`
}

/** While commits are promised to be on two disks, no step takes the second disk away. */
const unconfirmed = (before: State, after: State, { topology }: Goal): string | null => {
  const isPromised = [before.topology, after.topology, topology].every(({ rungs }) =>
    rungs.includes('replicated'),
  )
  // With one replica only, its change is a time without.
  if (!isPromised || membersOf(topology).length < 3) return null
  return confirmingNow(before) > 0 && confirmingNow(after) === 0
    ? 'nobody confirms commits any more'
    : null
}

const confirmingNow = (state: State): number =>
  state.confirming.filter((name) => findRunning(state, name)).length
