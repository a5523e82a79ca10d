import {
  findHost,
  findNode,
  findOtherRelease,
  findRunning,
  isAdmitted,
  isConfirming,
  isDataNode,
  primaryRuns,
  type State,
} from './state.ts'
import type { Step, StepKind, StepOf } from './step.ts'
import type { Host, Node } from './topology.ts'

/** What there is to know about one kind of step. */
export type StepRow<Kind extends StepKind> = {
  /** What has to be true before it, in words: what `obstacle` looks at. */
  readonly requires: string
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

/** Some of the rows; the table is put together of several. */
export type StepRows<Kinds extends StepKind> = { readonly [Kind in Kinds]: StepRow<Kind> }

export const isStopped = (state: State, name: string): string | null => {
  if (!findNode(state.topology, name)) return `there is no node ${name}`
  return findRunning(state, name) ? `${name} runs` : null
}

/** A node that is to change or to go must not be on the list of a gateway. */
export const isLeftAlone = (state: State, name: string): string | null =>
  isAdmitted(state, name) ? `requests are still sent to ${name}` : isStopped(state, name)

export const isFree = (state: State, name: string): string | null =>
  findNode(state.topology, name) ? `there is a node ${name} already` : null

/** Two nodes cannot listen on one port of one address, which hosts share where a machine has only one. */
export const hasPort = (
  { topology }: State,
  { name, port }: Node,
  { address }: Host,
): string | null => {
  const other = topology.nodes.find(
    (node) =>
      node.name !== name &&
      node.port === port &&
      port !== 0 &&
      findHost(topology, node.host)?.address === address,
  )
  return other ? `${other.name} has the port ${port}` : null
}

export const dataRuns = (state: State, needs: readonly string[]): string | null => {
  const missing = needs.find((name) => !findRunning(state, name))
  return missing === undefined ? null : `${missing} does not run`
}

/**
 * Whether code of a release finds what it needs in the database. Migrations only expand for as long as
 * the live release is the live one, so that it finds that also when another release was migrated since.
 */
export const hasMigrations = ({ migrated, live }: State, release: string): boolean =>
  migrated === release || (migrated !== null && live === release)

/** What was written for another release may need what this one takes away. */
export const hasOlder = (state: State, release: string): string | null => {
  const other = findOtherRelease(state, release)
  return other ? `${other.node} still runs release ${other.release}` : null
}

/**
 * What code of the app needs when it is started again as it was: the primary, if it runs, or the adopted
 * server. Replicas are not among it: one that is dead keeps nobody from starting.
 */
export const runningData = (state: State): readonly string[] =>
  state.topology.nodes
    .filter(({ name, adopted }) => (adopted || name === state.primary) && findRunning(state, name))
    .map(({ name }) => name)

/** Why a node that is no replica needs no other database server to run. */
export const isLeading = ({ topology, primary }: State, name: string): boolean => {
  const node = findNode(topology, name)
  return node === undefined || !isDataNode(node) || node.adopted === true || primary === name
}

/**
 * Whoever leads stops in order only when nobody is left who writes, or nobody could take over from it; and
 * somebody whose confirmation commits wait for, only when there are no commits any more.
 */
export const isWaitedFor = (state: State, name: string): string | null => {
  if (state.primary === name && state.confirming.length > 0) return isUsed(state)
  return isConfirming(state, name) && primaryRuns(state) ? `commits wait for ${name}` : null
}

export const isUsed = ({ running }: State): string | null => {
  const user = running.find(({ release }) => release !== null)
  return user ? `${user.node} runs and may use it` : null
}
