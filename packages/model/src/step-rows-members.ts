import * as change from './change-topology.ts'
import { findHost, findNode, findRunning, isConfirming, isDataNode, type State } from './state.ts'
import { hasPort, isFree, isStopped, type StepRows } from './step-row.ts'

type Kinds =
  | 'create-replica'
  | 'make-synchronous'
  | 'make-asynchronous'
  | 'switch-over'
  | 'retire-replica'

/** The steps by which the database gets copies of itself, and moves from one to another. */
export const memberRows: StepRows<Kinds> = {
  'create-replica': {
    requires: 'The primary runs, no node has its name, and none on its host its port.',
    obstacle: (state, { node, host, from }) => {
      if (!isDataNode(node)) return `${node.name} is not a database server`
      if (node.adopted) return `${node.name} is adopted`
      return leads(state, from) ?? isFree(state, node.name) ?? hasPort(state, node, host)
    },
    effect: (state, { node, host }) => change.putNode(state, node, host),
    undo: (_state, { node }) => ({ kind: 'retire-replica', node: node.name }),
    sentence: ({ node, host, from }) => `Make ${node.name} on ${host.name}, a copy of ${from}.`,
  },
  'make-synchronous': {
    requires: 'It is a replica and runs, and so does the primary.',
    obstacle: (state, { node }) => {
      if (isConfirming(state, node)) return `${node} confirms commits already`
      return follows(state, node) ?? primaryRunsNot(state) ?? runsNot(state, node)
    },
    effect: (state, { node }) => change.putConfirming(state, [...state.confirming, node]),
    undo: (_state, { node }) => ({ kind: 'make-asynchronous', node }),
    sentence: ({ node }) => `Have ${node} confirm commits before they are acknowledged.`,
  },
  'make-asynchronous': {
    requires: 'It confirms commits, and the primary runs.',
    obstacle: (state, { node }) =>
      isConfirming(state, node) ? primaryRunsNot(state) : `${node} confirms no commits`,
    effect: (state, { node }) => change.confirmNoMore(state, node),
    undo: (state, { node }) =>
      findRunning(state, node) ? { kind: 'make-synchronous', node } : null,
    sentence: ({ node }) => `Have no commit wait for ${node} any more.`,
    final: 'A server that does not run confirms nothing.',
  },
  'switch-over': {
    requires: 'Both run, and the one that is to take the writes confirms commits.',
    obstacle: (state, { from, to }) => {
      if (!isConfirming(state, to)) return `${to} confirms no commits, and may lack some`
      return leads(state, from) ?? runsNot(state, to)
    },
    effect: (state, { from, to }) => {
      const others = state.confirming.filter((name) => name !== to)
      return change.putConfirming(change.putPrimary(state, to), [...others, from])
    },
    undo: (_state, { from, to }) => ({ kind: 'switch-over', from: to, to: from }),
    sentence: ({ from, to }) => `Have ${to} take the writes, in place of ${from}.`,
  },
  'retire-replica': {
    requires:
      'It has stopped, no commit waits for it, and the primary runs, which has all that it has.',
    obstacle: (state, { node }) => {
      if (findNode(state.topology, node)?.adopted) return `${node} is adopted`
      if (isConfirming(state, node)) return `commits wait for ${node}`
      return follows(state, node) ?? primaryRunsNot(state) ?? isStopped(state, node)
    },
    effect: (state, { node }) => change.dropNode(state, node),
    undo: ({ topology, primary }, { node }) => {
      const found = findNode(topology, node)
      const host = found && findHost(topology, found.host)
      return found && host && primary !== null
        ? { kind: 'create-replica', node: found, host, from: primary }
        : null
    },
    sentence: ({ node }) => `Delete ${node}, whose data other servers have.`,
  },
}

const runsNot = (state: State, name: string): string | null =>
  findRunning(state, name) ? null : `${name} does not run`

const primaryRunsNot = (state: State): string | null =>
  state.primary === null ? 'there is no primary' : runsNot(state, state.primary)

/** Whether it is the primary, and runs. */
const leads = (state: State, name: string): string | null =>
  state.primary === name ? runsNot(state, name) : `${name} is not the primary`

/** Whether it is a database server, and not the primary. */
const follows = ({ topology, primary }: State, name: string): string | null => {
  const node = findNode(topology, name)
  if (!node) return `there is no node ${name}`
  if (!isDataNode(node)) return `${name} is not a database server`
  return primary === name ? `${name} is the primary` : null
}
