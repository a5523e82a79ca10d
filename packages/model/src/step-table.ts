import * as change from './change-topology.ts'
import { joinPlace } from './place.ts'
import { sayList } from './say-list.ts'
import { findHost, findNode, findRunning, isDataNode, type State } from './state.ts'
import type { Step, StepKind, StepOf } from './step.ts'

/** What there is to know about one kind of step. */
export type StepRow<Kind extends StepKind> = {
  /** Why the step cannot be done in a state, or null when it can. */
  readonly obstacle: (state: State, step: StepOf<Kind>) => string | null
  /** The state after the step. */
  readonly effect: (state: State, step: StepOf<Kind>) => State
  /** The step that takes it back, told from the state before it; null when nothing can. */
  readonly undo: (state: State, step: StepOf<Kind>) => Step | null
  readonly sentence: (step: StepOf<Kind>) => string
  /** What is said instead of an undo. */
  readonly final?: string
}

const isStopped = (state: State, name: string): string | null => {
  if (!findNode(state.topology, name)) return `there is no node ${name}`
  return findRunning(state, name) ? `${name} runs` : null
}

const isFree = (state: State, name: string): string | null =>
  findNode(state.topology, name) ? `there is a node ${name} already` : null

const dataRuns = (state: State, needs: readonly string[]): string | null => {
  const missing = needs.find((name) => !findRunning(state, name))
  return missing === undefined ? null : `${missing} does not run`
}

/** The table of steps. Everything else about steps follows from it: simulation, undo, sentences, docs. */
export const stepTable: { readonly [Kind in StepKind]: StepRow<Kind> } = {
  'create-data-node': {
    obstacle: (state, { node }) => {
      if (node.adopted) return `${node.name} is adopted`
      return isDataNode(node) ? isFree(state, node.name) : `${node.name} is not a database server`
    },
    effect: (state, { node, host }) => change.putNode(state, node, host),
    undo: (_state, { node }) => ({ kind: 'destroy-data-node', node: node.name }),
    sentence: ({ node, host }) => `Make the database server ${node.name} on ${host.name}.`,
  },
  'adopt-data-node': {
    obstacle: (state, { node }) =>
      isDataNode(node) && node.adopted
        ? isFree(state, node.name)
        : `${node.name} is not an adopted database server`,
    effect: (state, { node, host }) => change.putNode(state, node, host),
    undo: (_state, { node }) => ({ kind: 'release-data-node', node: node.name }),
    sentence: ({ node, host }) =>
      `Adopt the database server at ${joinPlace(host.address, node.port)} as ${node.name}; it stays as it is.`,
  },
  'create-service-node': {
    obstacle: (state, { node }) =>
      isDataNode(node) ? `${node.name} is a database server` : isFree(state, node.name),
    effect: (state, { node, host }) => change.putNode(state, node, host),
    undo: (_state, { node }) => ({ kind: 'remove-service-node', node: node.name }),
    sentence: ({ node, host }) => `Place ${node.name} on ${host.name}.`,
  },
  'change-host': {
    obstacle: (state, { host }) => {
      const before = findHost(state.topology, host.name)
      const user = nodesOn(state, host.name).find(({ name }) => findRunning(state, name))
      if (user) return `${user.name} runs on ${host.name}`
      return before ? null : `there is no host ${host.name}`
    },
    effect: (state, { host }) => change.putHost(state, host),
    undo: ({ topology }, { host }) => {
      const before = findHost(topology, host.name)
      return before ? { kind: 'change-host', host: before } : null
    },
    sentence: ({ host }) => `Move ${host.name} to the address ${host.address}.`,
  },
  'change-node': {
    obstacle: (state, { node }) => {
      const before = findNode(state.topology, node.name)
      if (before && isDataNode(before) !== isDataNode(node))
        return `${node.name} is of another kind`
      if (before?.adopted !== node.adopted) return `${node.name} is another server`
      return isStopped(state, node.name)
    },
    effect: (state, { node, host }) => change.putNode(state, node, host),
    undo: ({ topology }, { node }) => {
      const before = findNode(topology, node.name)
      const host = before && findHost(topology, before.host)
      return before && host ? { kind: 'change-node', node: before, host } : null
    },
    sentence: ({ node, host }) => `Give ${node.name} its new place and size on ${host.name}.`,
  },
  'start-node': {
    obstacle: (state, { node, release, needs }) => {
      const obstacle = isStopped(state, node) ?? dataRuns(state, needs)
      if (obstacle || needs.length === 0 || state.migrated === release) return obstacle
      return `the data tier is at release ${state.migrated ?? 'none'}, not ${release}`
    },
    effect: (state, { node, release }) => change.markRunning(state, node, release),
    undo: (_state, { node, adopted }) => ({ kind: 'stop-node', node, ...(adopted && { adopted }) }),
    sentence: ({ node, release, adopted }) =>
      adopted ? `Watch ${node}.` : `Start ${node}${release ? ` with release ${release}` : ''}.`,
  },
  'apply-migrations': {
    obstacle: (state, { needs }) => dataRuns(state, needs),
    effect: (state, { release }) => ({ ...state, migrated: release }),
    undo: () => null,
    sentence: ({ release, needs }) =>
      `Bring ${sayList(needs)} to the migrations of release ${release}.`,
    final: 'Migrations stay; the release before tolerates them.',
  },
  'inspect-data': {
    obstacle: (state, { needs }) => dataRuns(state, needs),
    effect: (state, { release }) => ({ ...state, migrated: release }),
    undo: () => null,
    sentence: ({ release, needs }) =>
      `Read what release ${release} needs to know of ${sayList(needs)}; nothing is written.`,
    final: 'There is nothing to take back.',
  },
  'stop-node': {
    obstacle: (state, { node }) => (findRunning(state, node) ? null : `${node} does not run`),
    effect: (state, { node }) => change.markStopped(state, node),
    undo: (state, { node, adopted }) => {
      const release = findRunning(state, node)?.release ?? null
      // A node with a release runs code of the app, which was written for the data tier as it is now.
      const needs = release === null ? [] : runningData(state)
      return { kind: 'start-node', node, release, needs, ...(adopted && { adopted }) }
    },
    sentence: ({ node, adopted }) =>
      adopted
        ? `Stop watching ${node}; it goes on running.`
        : `Stop ${node} when it has finished its requests.`,
  },
  'remove-service-node': {
    obstacle: (state, { node }) => {
      const found = findNode(state.topology, node)
      return found && isDataNode(found) ? `${node} is a database server` : isStopped(state, node)
    },
    effect: (state, { node }) => change.dropNode(state, node),
    undo: ({ topology }, { node }) => {
      const found = findNode(topology, node)
      const host = found && findHost(topology, found.host)
      return found && host ? { kind: 'create-service-node', node: found, host } : null
    },
    sentence: ({ node }) => `Remove ${node}.`,
  },
  'destroy-data-node': {
    obstacle: (state, { node }) => {
      const found = findNode(state.topology, node)
      if (found && !isDataNode(found)) return `${node} is not a database server`
      if (found?.adopted) return `${node} is adopted, and somebody else's to delete`
      const user = state.running.find(({ release }) => release !== null)
      return user ? `${user.node} runs and may use it` : isStopped(state, node)
    },
    effect: (state, { node }) => dropDataNode(state, node),
    undo: () => null,
    sentence: ({ node }) => `Delete the database server ${node} with its data.`,
    final: 'Deleted data does not come back.',
  },
  'release-data-node': {
    obstacle: (state, { node }) => {
      if (!findNode(state.topology, node)?.adopted) return `${node} is not adopted`
      const user = state.running.find(({ release }) => release !== null)
      return user ? `${user.node} runs and may use it` : isStopped(state, node)
    },
    effect: (state, { node }) => dropDataNode(state, node),
    undo: ({ topology }, { node }) => {
      const found = findNode(topology, node)
      const host = found && findHost(topology, found.host)
      return found && host ? { kind: 'adopt-data-node', node: found, host } : null
    },
    sentence: ({ node }) => `Let go of ${node}; it stays as it is.`,
  },
  'record-rungs': {
    obstacle: () => null,
    effect: (state, { rungs }) => change.putRungs(state, rungs),
    undo: ({ topology }) => ({ kind: 'record-rungs', rungs: topology.rungs }),
    sentence: ({ rungs }) =>
      rungs.length === 0 ? 'Record that no rung holds.' : `Record that ${sayList(rungs)} holds.`,
  },
}

const dropDataNode = (state: State, node: string): State => {
  const after = change.dropNode(state, node)
  return after.topology.nodes.some(isDataNode) ? after : { ...after, migrated: null }
}

const nodesOn = ({ topology }: State, host: string) =>
  topology.nodes.filter((node) => node.host === host)

const runningData = (state: State): readonly string[] =>
  state.topology.nodes
    .filter((node) => isDataNode(node) && findRunning(state, node.name))
    .map(({ name }) => name)
