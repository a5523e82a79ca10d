import * as change from './change-topology.ts'
import { joinPlace } from './place.ts'
import { sayList } from './say-list.ts'
import { findHost, findNode, isDataNode, membersOf, type State } from './state.ts'
import {
  dataRuns,
  hasOlder,
  hasPort,
  isFree,
  isStopped,
  isUsed,
  type StepRows,
} from './step-row.ts'

type Kinds =
  | 'create-data-node'
  | 'adopt-data-node'
  | 'apply-migrations'
  | 'inspect-data'
  | 'destroy-data-node'
  | 'release-data-node'

/** The steps that only database servers know. */
export const dataRows: StepRows<Kinds> = {
  'create-data-node': {
    requires:
      'There is no database server of ours: a second one would be a copy. None on its host has its port.',
    obstacle: (state, { node, host }) => {
      if (node.adopted) return `${node.name} is adopted`
      if (!isDataNode(node)) return `${node.name} is not a database server`
      if (state.primary !== null) return `${state.primary} is the database server already`
      return isFree(state, node.name) ?? hasPort(state, node, host)
    },
    effect: (state, { node, host }) =>
      change.putPrimary(change.putNode(state, node, host), node.name),
    undo: (_state, { node }) => ({ kind: 'destroy-data-node', node: node.name }),
    sentence: ({ node, host }) => `Make the database server ${node.name} on ${host.name}.`,
  },
  'adopt-data-node': {
    requires: 'No node has its name.',
    obstacle: (state, { node }) =>
      isDataNode(node) && node.adopted
        ? isFree(state, node.name)
        : `${node.name} is not an adopted database server`,
    effect: (state, { node, host }) => change.putNode(state, node, host),
    undo: (_state, { node }) => ({ kind: 'release-data-node', node: node.name }),
    sentence: ({ node, host }) =>
      `Adopt the database server at ${joinPlace(host.address, node.port)} as ${node.name}; it stays as it is.`,
  },
  'apply-migrations': {
    requires: 'The primary runs.',
    obstacle: (state, { needs, release, whole }) =>
      dataRuns(state, needs) ?? (whole ? hasOlder(state, release) : null),
    effect: (state, { release, whole }) => ({
      ...state,
      migrated: release,
      ...(whole && { contracted: release }),
    }),
    undo: () => null,
    sentence: ({ release, needs }) =>
      `Bring ${sayList(needs)} to the migrations of release ${release}.`,
    final: 'Migrations stay; the release before tolerates them.',
  },
  'inspect-data': {
    requires: 'The database server is watched.',
    obstacle: (state, { needs }) => dataRuns(state, needs),
    effect: (state, { release }) => ({ ...state, migrated: release }),
    undo: () => null,
    sentence: ({ release, needs }) =>
      `Read what release ${release} needs to know of ${sayList(needs)}; nothing is written.`,
    final: 'There is nothing to take back.',
  },
  'destroy-data-node': {
    requires:
      'It is ours and has stopped, nothing runs that could use it, and the primary goes last of all.',
    obstacle: (state, { node }) => {
      const found = findNode(state.topology, node)
      if (found && !isDataNode(found)) return `${node} is not a database server`
      if (found?.adopted) return `${node} is adopted, and somebody else's to delete`
      return isUsed(state) ?? isFollowed(state, node) ?? isStopped(state, node)
    },
    effect: (state, { node }) => dropDataNode(state, node),
    undo: () => null,
    sentence: ({ node }) => `Delete the database server ${node} with its data.`,
    final: 'Deleted data does not come back.',
  },
  'release-data-node': {
    requires: 'It is adopted and no longer watched, and nothing runs that could use it.',
    obstacle: (state, { node }) => {
      if (!findNode(state.topology, node)?.adopted) return `${node} is not adopted`
      return isUsed(state) ?? isStopped(state, node)
    },
    effect: (state, { node }) => dropDataNode(state, node),
    undo: ({ topology }, { node }) => {
      const found = findNode(topology, node)
      const host = found && findHost(topology, found.host)
      return found && host ? { kind: 'adopt-data-node', node: found, host } : null
    },
    sentence: ({ node }) => `Let go of ${node}; it stays as it is.`,
  },
}

/** The copies go before that of which they are copies: so it is there for as long as anything is. */
const isFollowed = ({ topology, primary }: State, name: string): string | null => {
  const other = membersOf(topology).find((node) => node.name !== name)
  return primary === name && other ? `${other.name} is a copy of ${name}` : null
}

const dropDataNode = (state: State, node: string): State => {
  const primary = state.primary === node ? null : state.primary
  const left = change.dropNode(change.putPrimary(state, primary), node)
  const after = change.confirmNoMore(left, node)
  return after.topology.nodes.some(isDataNode)
    ? after
    : { ...after, migrated: null, contracted: null }
}
