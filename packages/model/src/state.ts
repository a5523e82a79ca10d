import type { Host, Node, Topology } from './topology.ts'

/** A node that runs, and the release that it runs; null for a node that runs no code of the app. */
export type RunningNode = { readonly node: string; readonly release: string | null }

/**
 * What a plan looks at: which nodes exist, which of them run, and how far the data tier is.
 * A step moves it from one value to the next; control observes it, and never trusts what it once was.
 */
export type State = {
  readonly topology: Topology
  readonly running: readonly RunningNode[]
  /** The release whose migrations were applied last; null before the first. */
  readonly migrated: string | null
}

/** Where a climb leads to. */
export type Goal = { readonly topology: Topology; readonly release: string } & (
  | { readonly power: 'on' }
  /**
   * Every node is stopped, what exists stays. With `destroyData`, database servers that the topology
   * does not have are deleted; in every other case they are stopped and kept.
   */
  | { readonly power: 'off'; readonly destroyData?: boolean }
)

export const emptyTopology: Topology = { version: 0, rungs: [], hosts: [], nodes: [] }

/** A system that was never started. */
export const emptyState: State = { topology: emptyTopology, running: [], migrated: null }

export const isDataNode = (node: Node): boolean => node.tier === 'data'

export const findNode = (topology: Topology, name: string): Node | undefined =>
  topology.nodes.find((node) => node.name === name)

export const findHost = (topology: Topology, name: string): Host | undefined =>
  topology.hosts.find((host) => host.name === name)

export const findRunning = (state: State, name: string): RunningNode | undefined =>
  state.running.find(({ node }) => node === name)
