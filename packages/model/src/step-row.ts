import { findNode, findRunning, isAdmitted, isDataNode, type State } from './state.ts'
import type { Step, StepKind, StepOf } from './step.ts'
import type { Node } from './topology.ts'

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

/** Two nodes of one host cannot listen on one port. */
export const hasPort = ({ topology }: State, node: Node): string | null => {
  const other = topology.nodes.find(
    ({ name, host, port }) =>
      name !== node.name && host === node.host && port === node.port && port !== 0,
  )
  return other ? `${other.name} has the port ${node.port}` : null
}

export const dataRuns = (state: State, needs: readonly string[]): string | null => {
  const missing = needs.find((name) => !findRunning(state, name))
  return missing === undefined ? null : `${missing} does not run`
}

/** The data nodes that run: what code of the app needs when it is started again as it was. */
export const runningData = (state: State): readonly string[] =>
  state.topology.nodes
    .filter((node) => isDataNode(node) && findRunning(state, node.name))
    .map(({ name }) => name)
