import type { State } from './state.ts'
import type { Host, Node, Topology } from './topology.ts'

/** The changes of a state that steps are made of. Each change of the topology is a new version. */

export const putNode = (state: State, node: Node, host: Host): State => {
  const { topology } = state
  return withUsedHosts(state, {
    hosts: [...topology.hosts.filter(({ name }) => name !== host.name), host],
    nodes: [...topology.nodes.filter(({ name }) => name !== node.name), node],
  })
}

export const putHost = (state: State, host: Host): State => {
  const others = state.topology.hosts.filter(({ name }) => name !== host.name)
  return changed(state, { hosts: [...others, host] })
}

export const dropNode = (state: State, name: string): State => {
  const { hosts, nodes } = state.topology
  return withUsedHosts(state, { hosts, nodes: nodes.filter((node) => node.name !== name) })
}

export const putRungs = (state: State, rungs: readonly string[]): State => changed(state, { rungs })

export const markRunning = (state: State, node: string, release: string | null): State => ({
  ...state,
  running: [...state.running, { node, release }],
})

/** A node that was stopped on purpose gets no requests until it is admitted again. */
export const markStopped = (state: State, name: string): State => ({
  ...state,
  running: state.running.filter(({ node }) => node !== name),
  admitted: state.admitted.filter((node) => node !== name),
})

export const admit = (state: State, name: string): State => ({
  ...state,
  admitted: [...state.admitted, name].sort(),
})

export const drain = (state: State, name: string): State => ({
  ...state,
  admitted: state.admitted.filter((node) => node !== name),
})

export const putPrimary = (state: State, primary: string | null): State => ({ ...state, primary })

/** Kept in the order of names, so that the way by which somebody came onto the list does not show. */
export const putConfirming = (state: State, names: readonly string[]): State => ({
  ...state,
  confirming: [...names].sort(),
})

export const confirmNoMore = (state: State, name: string): State =>
  putConfirming(
    state,
    state.confirming.filter((other) => other !== name),
  )

/** A host without nodes is not part of the system any more. */
const withUsedHosts = (state: State, { hosts, nodes }: Pick<Topology, 'hosts' | 'nodes'>): State =>
  changed(state, {
    hosts: hosts.filter(({ name }) => nodes.some((node) => node.host === name)),
    nodes,
  })

/** Hosts and nodes are kept by name, so that the way by which a topology came about does not show. */
const changed = (state: State, change: Partial<Topology>): State => {
  const { version, rungs, hosts, nodes } = { ...state.topology, ...change }
  const topology = { version: version + 1, rungs, hosts: byName(hosts), nodes: byName(nodes) }
  return { ...state, topology }
}

const byName = <T extends { readonly name: string }>(items: readonly T[]): readonly T[] =>
  [...items].sort((a, b) => (a.name < b.name ? -1 : 1))
