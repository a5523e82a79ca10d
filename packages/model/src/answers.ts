import {
  findRunning,
  isAdmitted,
  isBalancer,
  isRouted,
  runningEntries,
  type State,
} from './state.ts'
import type { Node, Topology } from './topology.ts'

/*
 * Who answers whom. An entry node answers a service when it is a process of that service itself, or a
 * gateway that sends to one that runs. All entry nodes share one queue of connections, so that one that
 * does not answer takes its part of the requests all the same: a service is answered when somebody
 * accepts, and everybody who accepts answers it.
 */

/** The services that have routes, each once. */
export const routedServices = ({ nodes }: Topology): readonly string[] => [
  ...new Set(nodes.flatMap((node) => (isRouted(node) && node.service ? [node.service] : []))),
]

/** Whether requests go to a process with routes that runs: from the public socket, or by way of a gateway. */
export const takesRequests = (state: State, node: Node): boolean =>
  isRouted(node) &&
  (node.entry === true || isAdmitted(state, node.name)) &&
  findRunning(state, node.name) !== undefined

/** The processes that requests go to and that run another release than this one. */
export const olderAnswering = (state: State, release: string): readonly Node[] =>
  state.topology.nodes.filter(
    (node) => takesRequests(state, node) && findRunning(state, node.name)?.release !== release,
  )

/** Whether an entry node, should it run, answers requests for a service. */
export const answersFor = (state: State, entry: Node, service: string): boolean => {
  if (!isBalancer(entry)) return isRouted(entry) && entry.service === service
  return state.topology.nodes.some(
    (node) =>
      isRouted(node) &&
      node.service === service &&
      isAdmitted(state, node.name) &&
      findRunning(state, node.name),
  )
}

/** Whether every request for a service is answered, whichever entry node accepts it. */
export const isAnswered = (state: State, service: string): boolean => {
  const entries = runningEntries(state)
  return entries.length > 0 && entries.every((entry) => answersFor(state, entry, service))
}

/**
 * What a change takes away from those who ask for a service, in words, or null. Whoever answered and
 * still accepts goes on answering, whoever begins to accept answers, and somebody stays who does.
 */
export const lossOf = (before: State, after: State, service: string): string | null => {
  const had = answering(before, service)
  if (had.length === 0) return null
  const has = answering(after, service)
  if (has.length === 0) return `nobody answers ${service} any more`
  const isOld = (name: string): boolean => findRunning(before, name) !== undefined
  const mute = runningEntries(after).find(
    ({ name }) => !has.includes(name) && (had.includes(name) || !isOld(name)),
  )
  return mute ? `${mute.name} accepts requests for ${service}, and cannot answer them` : null
}

const answering = (state: State, service: string): readonly string[] =>
  runningEntries(state)
    .filter((entry) => answersFor(state, entry, service))
    .map(({ name }) => name)
