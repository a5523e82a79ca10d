import { obstacleTo } from '../simulate.ts'
import {
  findHost,
  findNode,
  findRunning,
  type Goal,
  isConfirming,
  membersOf,
  primaryRuns,
  type State,
} from '../state.ts'
import type { Step } from '../step.ts'
import { isUsed } from '../step-row.ts'
import type { Node } from '../topology.ts'
import { bringUp, isChange, runsOtherwise, takeOut } from './node-steps.ts'
import { firstStep } from './rule.ts'

/*
 * How the copies of the database come and go, and how it moves among them. All of it waits for a primary
 * that runs: when that one dies on the way, another takes over or it comes back, which is no business of a
 * plan; and until then nothing is known to have everything.
 *
 * 1. Grow before shrink: the members that the goal has are copied, started, and confirm commits, before one
 *    that the goal does not have is let go of.
 * 2. The database moves when the primary is not among the members of the goal, or has to stop to change:
 *    to one of them that confirms commits, and so has everything.
 * 3. A replica that has to stop to change does so when all the others are well, one after another.
 * 4. Who is let go of confirms nothing any more, then stops, then is deleted. One that is dead goes the same
 *    way without being started again: whatever it had, the primary has.
 * 5. Where `replicated` is not wanted, commits wait for nobody, but for the one that the database moves to.
 */

/**
 * What is to be there comes up, one after another, and then confirms commits where it should: with one that
 * confirms and dies, they would wait. Where they are on two disks already, that is never put off.
 */
export function growMembers(state: State, goal: Goal): Step | undefined {
  if (!primaryRuns(state)) return
  const members = followersIn(state, goal)
  const confirm = () => firstStep(members, (node) => makeSynchronous(state, goal, node))
  const isHeld = state.topology.rungs.includes('replicated')
  return (
    (isHeld ? confirm() : undefined) ??
    firstStep(members, (node) => growMember(state, goal, node)) ??
    confirm()
  )
}

const growMember = (state: State, goal: Goal, node: Node): Step | undefined => {
  const host = findHost(goal.topology, node.host)
  const { primary } = state
  if (!host || primary === null || runsOtherwise(state, goal, node)) return
  if (!findNode(state.topology, node.name)) {
    return ifPossible(state, { kind: 'create-replica', node, host, from: primary })
  }
  return bringUp(state, goal, node)
}

/** One that is to stop and change is left alone until it has. */
const makeSynchronous = (state: State, goal: Goal, node: Node): Step | undefined => {
  const { name } = node
  const isReady = findRunning(state, name) !== undefined && !isChange(state, goal, node)
  return isReady && confirmsIn(state, goal).includes(name) && !isConfirming(state, name)
    ? { kind: 'make-synchronous', node: name }
    : undefined
}

/** Whoever has to stop to change does so when the others are as they should: `growMembers` has seen to it. */
export function changeMembers(state: State, goal: Goal): Step | undefined {
  if (!primaryRuns(state)) return
  const wrong = followersIn(state, goal).filter((node) => runsOtherwise(state, goal, node))
  const idleFirst = [...wrong].sort(
    (a, b) => Number(isConfirming(state, a.name)) - Number(isConfirming(state, b.name)),
  )
  return firstStep(idleFirst, (node) => takeOutMember(state, node))
}

export function moveData(state: State, goal: Goal): Step | undefined {
  const { primary } = state
  const to = heirIn(state, goal)
  if (primary === null || to === undefined) return
  return ifPossible(state, { kind: 'switch-over', from: primary, to })
}

/** Nobody is let go of before the primary is one that stays. */
export function shrinkMembers(state: State, goal: Goal): Step | undefined {
  if (!primaryRuns(state) || !isPrimaryRight(state, goal)) return
  const idle = state.confirming.find((name) => !confirmsIn(state, goal).includes(name))
  if (idle !== undefined) return { kind: 'make-asynchronous', node: idle }
  const leaving = membersOf(state.topology).filter(({ name }) => !findNode(goal.topology, name))
  return firstStep(leaving, (node) => takeOut(state, node)) ?? retire(leaving)
}

const retire = ([first]: readonly Node[]): Step | undefined =>
  first && { kind: 'retire-replica', node: first.name }

/**
 * The next step until a member does not run. Where commits wait for it, or for others while it leads, and
 * somebody still writes, they do so no more before it stops.
 */
export const takeOutMember = (state: State, node: Node): Step | undefined => {
  const { primary, confirming } = state
  const { name } = node
  if (!findRunning(state, name) || !primaryRuns(state)) return takeOut(state, node)
  if (isConfirming(state, name)) return { kind: 'make-asynchronous', node: name }
  const [waitedFor] = confirming
  return name === primary && waitedFor !== undefined && isUsed(state) !== null
    ? { kind: 'make-asynchronous', node: waitedFor }
    : takeOut(state, node)
}

/** Whether the data tier is as a goal wants it: who leads, who follows, and who confirms commits. */
export const isDataRight = (state: State, goal: Goal): boolean => {
  if (membersOf(goal.topology).length === 0) return true
  return (
    primaryRuns(state) &&
    isPrimaryRight(state, goal) &&
    state.confirming.join() === [...confirmsIn(state, goal)].sort().join()
  )
}

/** Whether the primary is one that stays as it is. */
const isPrimaryRight = (state: State, goal: Goal): boolean => {
  const wanted = state.primary === null ? undefined : findNode(goal.topology, state.primary)
  return wanted !== undefined && !isChange(state, goal, wanted)
}

/** Who is to confirm commits: every replica where that is promised, else only whom the database moves to. */
const confirmsIn = (state: State, goal: Goal): readonly string[] => {
  if (goal.topology.rungs.includes('replicated'))
    return followersIn(state, goal).map(({ name }) => name)
  const heir = heirIn(state, goal)
  return heir === undefined ? [] : [heir]
}

/** Whom the database moves to; undefined where it stays, or nobody runs yet as it should. */
const heirIn = (state: State, goal: Goal): string | undefined => {
  if (!primaryRuns(state) || isPrimaryRight(state, goal)) return
  const ready = followersIn(state, goal).filter(
    (node) => findRunning(state, node.name) && !isChange(state, goal, node),
  )
  return (ready.find(({ name }) => isConfirming(state, name)) ?? ready[0])?.name
}

/** The members of the goal that follow the primary of now. */
const followersIn = ({ primary }: State, { topology }: Goal): readonly Node[] =>
  membersOf(topology).filter(({ name }) => name !== primary)

const ifPossible = (state: State, step: Step): Step | undefined =>
  obstacleTo(state, step) === null ? step : undefined
