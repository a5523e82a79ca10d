import { findNode, type Goal, type State } from '../state.ts'
import type { Step } from '../step.ts'
import type { Node } from '../topology.ts'
import { bringUp, runsOtherwise, serviceNodes, takeOut } from './node-steps.ts'
import { firstStep, ifHarmless } from './rule.ts'

/*
 * A node that has to stop before it can change, and that nobody replaces meanwhile, gets a stand-in: the
 * node that it is going to be, beside it, under a name and at a port of its own. It comes up first, and
 * goes when the node is back.
 */

export const standInName = (name: string): string => `${name}-stand-in`

/** The nodes that a stand-in is kept for: they run, and not as the goal wants it. */
export const stoodInFor = (state: State, goal: Goal): readonly Node[] =>
  serviceNodes(goal.topology).filter((node) => runsOtherwise(state, goal, node))

export function bringUpStandIns(state: State, goal: Goal): Step | undefined {
  return firstStep(stoodInFor(state, goal), (node) => {
    const standIn = standInOf(state, goal, node)
    const step = runsOtherwise(state, goal, standIn)
      ? takeOut(state, standIn)
      : bringUp(state, goal, standIn)
    return ifHarmless(state, goal, step)
  })
}

const standInOf = (state: State, goal: Goal, node: Node): Node => {
  const name = standInName(node.name)
  return { ...node, name, port: portOf(name, state, goal, node) }
}

/** The next port that no other node of the host has, now or in the goal; one that it has it keeps. */
const portOf = (name: string, state: State, goal: Goal, { host, port }: Node): number => {
  if (port === 0) return 0
  const others = [...state.topology.nodes, ...goal.topology.nodes].filter(
    (node) => node.host === host && node.name !== name,
  )
  const isTaken = (candidate: number): boolean => others.some((node) => node.port === candidate)
  const before = findNode(state.topology, name)
  if (before && before.host === host && before.port !== 0 && !isTaken(before.port))
    return before.port
  let candidate = after(port)
  while (isTaken(candidate)) candidate = after(candidate)
  return candidate
}

const after = (port: number): number => (port < 65_535 ? port + 1 : 1024)
