import { answersFor, routedServices } from '../answers.ts'
import { isSame } from '../is-same.ts'
import {
  findHost,
  findNode,
  findRunning,
  type Goal,
  isAdmitted,
  isDataNode,
  isRouted,
  runningEntries,
  runningGateways,
  type State,
} from '../state.ts'
import type { Step } from '../step.ts'
import { takeOutMember } from './members.ts'
import { byStopOrder, takeOut } from './node-steps.ts'
import { firstStep, ifHarmless } from './rule.ts'

/**
 * A host whose address changes takes all its nodes with it. They go together, so that of the database
 * servers the primary can be the first one to stop, after everything that writes.
 */
export function changeHosts(state: State, goal: Goal): Step | undefined {
  const moving = goal.topology.hosts.filter((host) => {
    const before = findHost(state.topology, host.name)
    return before !== undefined && !isSame(before, host)
  })
  const users = state.topology.nodes.filter((node) => moving.some(({ name }) => name === node.host))
  const [host] = moving
  return (
    firstStep(byStopOrder(state, users), (node) =>
      isDataNode(node) ? takeOutMember(state, node) : takeOut(state, node),
    ) ??
    (host && { kind: 'change-host', host })
  )
}

/** The public socket is on one host: when that becomes another, nobody accepts on two of them. */
export function moveEntry(state: State, goal: Goal): Step | undefined {
  const entry = goal.topology.nodes.find((node) => node.entry)
  if (!entry) return
  const stays = runningEntries(state).filter(({ host }) => host !== entry.host)
  return firstStep(stays, (node) => takeOut(state, node))
}

/** Requests that nobody answers go to whoever runs and could, whatever becomes of that node later. */
export function mendGateway(state: State, goal: Goal): Step | undefined {
  const [gateway] = runningGateways(state)
  if (!gateway) return
  const silent = routedServices(goal.topology).filter(
    (service) => !answersFor(state, gateway, service),
  )
  const idle = state.topology.nodes.filter(
    (node) =>
      isRouted(node) &&
      !node.entry &&
      findRunning(state, node.name) &&
      !isAdmitted(state, node.name) &&
      silent.includes(node.service ?? ''),
  )
  return firstStep(idle, ({ name }) => ifHarmless(state, goal, { kind: 'admit-node', node: name }))
}

/** An entry node that is on its way out goes at once when it cannot answer what another one can. */
export function stopMuteEntries(state: State, goal: Goal): Step | undefined {
  const entries = runningEntries(state)
  const answered = routedServices(goal.topology).filter((service) =>
    entries.some((entry) => answersFor(state, entry, service)),
  )
  const mute = entries.filter(
    (entry) =>
      !findNode(goal.topology, entry.name) &&
      answered.some((service) => !answersFor(state, entry, service)),
  )
  return firstStep(mute, (node) => ifHarmless(state, goal, takeOut(state, node)))
}
