import * as change from './change-topology.ts'
import { sayHold, sayList } from './say-list.ts'
import { findHost, findNode, findRunning, isDataNode, isRouted } from './state.ts'
import type { StepKind } from './step.ts'
import {
  dataRuns,
  hasMigrations,
  hasPort,
  isLeading,
  isLeftAlone,
  isStopped,
  isWaitedFor,
  runningData,
  type StepRow,
} from './step-row.ts'
import { dataRows } from './step-rows-data.ts'
import { memberRows } from './step-rows-members.ts'
import { releaseRows } from './step-rows-release.ts'
import { isStillSentTo, serviceRows } from './step-rows-service.ts'
import type { Node } from './topology.ts'

/** The table of steps. Everything else about steps follows from it: simulation, undo, sentences, docs. */
export const stepTable: { readonly [Kind in StepKind]: StepRow<Kind> } = {
  ...dataRows,
  ...memberRows,
  ...serviceRows,
  ...releaseRows,
  'change-host': {
    requires: 'Nothing on the host runs, and no requests go there.',
    obstacle: (state, { host: { name } }) => {
      const user = state.topology.nodes.find(
        (node) => node.host === name && isLeftAlone(state, node.name) !== null,
      )
      if (user) return isLeftAlone(state, user.name)
      return findHost(state.topology, name) ? null : `there is no host ${name}`
    },
    effect: (state, { host }) => change.putHost(state, host),
    undo: ({ topology }, { host }) => {
      const before = findHost(topology, host.name)
      return before ? { kind: 'change-host', host: before } : null
    },
    sentence: ({ host }) => `Move ${host.name} to the address ${host.address}.`,
  },
  'change-node': {
    requires:
      'It has stopped, and no requests go to it. A database server stays one, and stays whose it is.',
    obstacle: (state, { node, host }) => {
      const before = findNode(state.topology, node.name)
      if (before && isDataNode(before) !== isDataNode(node))
        return `${node.name} is of another kind`
      if (before?.adopted !== node.adopted) return `${node.name} is another server`
      return isLeftAlone(state, node.name) ?? hasPort(state, node, host)
    },
    effect: (state, { node, host }) => change.putNode(state, node, host),
    undo: ({ topology }, { node }) => {
      const before = findNode(topology, node.name)
      const host = before && findHost(topology, before.host)
      return before && host ? { kind: 'change-node', node: before, host } : null
    },
    sentence: ({ node, host }) =>
      `Give ${node.name} its new place on ${host.name}${whereOf(node)}.`,
  },
  'start-node': {
    requires:
      'It exists and does not run; the database servers that it needs run, at the migrations of its release.',
    obstacle: (state, { node, release, needs }) => {
      const obstacle = isStopped(state, node) ?? dataRuns(state, needs)
      if (obstacle || release === null || needs.length === 0) return obstacle
      if (hasMigrations(state, release)) return null
      return `the data tier is at release ${state.migrated ?? 'none'}, not ${release}`
    },
    effect: (state, { node, release }) => change.markRunning(state, node, release),
    undo: (_state, { node, adopted }) => ({ kind: 'stop-node', node, ...(adopted && { adopted }) }),
    sentence: ({ node, release, adopted }) =>
      adopted ? `Watch ${node}.` : `Start ${node}${release ? ` with release ${release}` : ''}.`,
  },
  'stop-node': {
    requires:
      'It runs, and no running gateway sends it requests. Of several database servers, the primary stops when nothing runs that could use it, and one that confirms commits after the primary.',
    obstacle: (state, { node }) =>
      findRunning(state, node)
        ? (isStillSentTo(state, node) ?? isWaitedFor(state, node))
        : `${node} does not run`,
    effect: (state, { node }) => change.markStopped(state, node),
    undo: (state, { node, adopted }) => {
      const release = findRunning(state, node)?.release ?? null
      // What runs code of the app needs the primary, and so does a replica.
      const needs = release === null && isLeading(state, node) ? [] : runningData(state)
      return { kind: 'start-node', node, release, needs, ...(adopted && { adopted }) }
    },
    sentence: ({ node, adopted }) =>
      adopted
        ? `Stop watching ${node}; it goes on running.`
        : `Stop ${node} when it has finished its requests.`,
  },
  'record-rungs': {
    requires: 'Nothing.',
    obstacle: () => null,
    effect: (state, { rungs }) => change.putRungs(state, rungs),
    undo: ({ topology }) => ({ kind: 'record-rungs', rungs: topology.rungs }),
    sentence: ({ rungs }) =>
      rungs.length === 0
        ? 'Record that no rung holds.'
        : `Record that ${sayList(rungs)} ${sayHold(rungs)}.`,
  },
}

/** What a process with routes is told apart by: who hands it its requests. */
const whereOf = (node: Node): string => {
  if (!isRouted(node)) return ''
  return node.entry ? ', at the public address' : ', behind the gateway'
}
