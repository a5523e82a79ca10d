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
  /** Our database server that takes writes, or took them last; null before there is one, and of an adopted one. */
  readonly primary: string | null
  /** The replicas that are to confirm commits, of which some have to before one is acknowledged; dead ones too. */
  readonly confirming: readonly string[]
  /** The release whose migrations were applied last; null before the first. */
  readonly migrated: string | null
  /**
   * The service nodes that a gateway sends requests to. It is kept while no gateway runs: the next one
   * starts with it. A node that dies stays admitted, and gets requests again as soon as it is back.
   */
  readonly admitted: readonly string[]
  /** The release that every restart runs; null before the first one came live. */
  readonly live: string | null
  /** The release whose first share of the requests was answered no worse than by the one before. */
  readonly tried: string | null
  /** The release whose contract migrations were applied last: what it did not need any more is gone. */
  readonly contracted: string | null
  /** The releases whose snapshots hold what their `build:` makes. */
  readonly built: readonly string[]
}

/** Where a climb leads to, and what is done about its release on the way. */
export type Goal = {
  readonly topology: Topology
  readonly release: string
  /** Services of the release have `build:`. */
  readonly builds?: true
  /** A first share of the requests decides whether the release goes on; not so on the way back. */
  readonly trial?: true
  /** Contract migrations are to be applied once nothing older runs. */
  readonly contracts?: true
  /** How many of those who confirm have to run so that a commit is acknowledged; 0: none has to. Absent: 1. */
  readonly quorum?: number
} & (
  | { readonly power: 'on' }
  /**
   * Every node is stopped, what exists stays. With `destroyData`, database servers that the topology
   * does not have are deleted; in every other case they are stopped and kept.
   */
  | { readonly power: 'off'; readonly destroyData?: boolean }
)

export const emptyTopology: Topology = { version: 0, rungs: [], hosts: [], nodes: [] }

/** A system that was never started. */
export const emptyState: State = {
  topology: emptyTopology,
  running: [],
  primary: null,
  confirming: [],
  migrated: null,
  admitted: [],
  live: null,
  tried: null,
  contracted: null,
  built: [],
}

export const isDataNode = (node: Node): boolean => node.tier === 'data'

/** The database servers that are ours: one that was adopted is somebody else's to lead and to copy. */
export const membersOf = ({ nodes }: Topology): readonly Node[] =>
  nodes.filter((node) => isDataNode(node) && !node.adopted)

/** Whether our primary is there and runs, so that there is somebody to copy, to follow and to write to. */
export const primaryRuns = (state: State): boolean =>
  state.primary !== null && findRunning(state, state.primary) !== undefined

export const isConfirming = ({ confirming }: State, name: string): boolean =>
  confirming.includes(name)

/** A process of a public service: requests go to it, by way of a gateway or from the public socket itself. */
export const isRouted = (node: Node): boolean => node.tier === 'web'

/** What stands at the entry and sends requests on: a gateway, of whichever engine. */
export const isBalancer = (node: Node): boolean => node.tier === 'entry'

/** What watches the others, and answers nobody of the app. */
export const isObserver = (node: Node): boolean => node.tier === 'telemetry'

/** Whether a node runs code of the app, and so has a release. */
export const runsCode = (node: Node): boolean => node.engine === 'process'

export const findNode = (topology: Topology, name: string): Node | undefined =>
  topology.nodes.find((node) => node.name === name)

export const findHost = (topology: Topology, name: string): Host | undefined =>
  topology.hosts.find((host) => host.name === name)

export const isAdmitted = ({ admitted }: State, name: string): boolean => admitted.includes(name)

/** The nodes that run and accept from the public socket. */
export const runningEntries = (state: State): readonly Node[] =>
  state.topology.nodes.filter(({ name, entry }) => entry && findRunning(state, name))

/** The gateways that run, whichever they send to. */
export const runningGateways = (state: State): readonly Node[] =>
  runningEntries(state).filter(isBalancer)

/** A node that runs another release than this one. */
export const findOtherRelease = ({ running }: State, release: string): RunningNode | undefined =>
  running.find((node) => node.release !== null && node.release !== release)

export const findRunning = (state: State, name: string): RunningNode | undefined =>
  state.running.find(({ node }) => node === name)
