/**
 * Every state that a system can come into: by any step of any climb, begun and given up at any moment,
 * while any nodes die. States that differ only in the version of their topology count as one.
 */
import { takesRequests } from './answers.ts'
import { isSame } from './is-same.ts'
import { isReached } from './plan/reached.ts'
import { nextStep } from './plan.ts'
import { simulate } from './simulate.ts'
import {
  findRunning,
  type Goal,
  isConfirming,
  membersOf,
  primaryRuns,
  type State,
} from './state.ts'
import type { Step } from './step.ts'
import { brokenByChange, brokenByClimb, brokenInvariants } from './test-invariants.ts'
import type { Node, Topology } from './topology.ts'

export type Exploration = {
  readonly states: readonly State[]
  /** For each goal the number of the state that follows each state, or null where nothing is left to do. */
  readonly next: readonly (readonly (number | null)[])[]
  /** What was found wrong, in words. */
  readonly wrong: readonly string[]
}

export type ExploreOptions = {
  /** Nodes die in any state; else nobody dies. */
  readonly crashes: boolean
  readonly statesMax: number
  /** Control dies in any state, and has forgotten which migrations it saw applied. */
  readonly forgets?: boolean
  /** Where the primary is dead, any copy that confirms commits takes over; and whoever is dead confirms nothing. */
  readonly failsOver?: boolean
  /** Only these die. Default: everybody. */
  readonly mayDie?: (node: Node) => boolean
  /** Whether a goal is asked for in a state; what control refuses is not. Default: always. */
  readonly isAsked?: (state: State, goal: Goal) => boolean
}

export const explore = (
  starts: readonly State[],
  goals: readonly Goal[],
  options: ExploreOptions,
): Exploration => {
  const { crashes, statesMax, forgets = false, failsOver = false } = options
  const { isAsked = () => true, mayDie = () => true } = options
  const states: State[] = []
  const numbers = new Map<string, number>()
  const wrong: string[] = []
  const numberOf = (state: State): number => {
    const key = keyOf(state)
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, states.length)
    for (const broken of brokenInvariants(state)) wrong.push(`${broken} in ${key}`)
    return states.push(state) - 1
  }
  const next = goals.map((): (number | null)[] => [])
  for (const start of starts) numberOf(start)
  for (let number = 0; number < states.length && wrong.length < 5; number++) {
    const state = states[number]
    if (!state) break
    if (number > statesMax) throw new Error(`There are more than ${statesMax} states.`)
    for (const [index, goal] of goals.entries()) {
      if (!isAsked(state, goal)) {
        next[index]?.push(null)
        continue
      }
      const step = nextStep(state, goal)
      if (!step) {
        next[index]?.push(null)
        if (!isThere(state, goal)) wrong.push(`stuck: ${say(state, goal)}`)
        continue
      }
      const after = simulate(state, step)
      const broken =
        brokenByChange(state, after) ??
        brokenByClimb(state, after, goal) ??
        brokenByShare(state, step, goal)
      if (broken) wrong.push(`${broken}: ${JSON.stringify(step)} ${say(state, goal)}`)
      next[index]?.push(numberOf(after))
    }
    if (forgets) numberOf({ ...state, migrated: null })
    if (crashes) {
      for (const { name } of state.topology.nodes.filter(mayDie))
        if (findRunning(state, name)) numberOf(withoutNode(state, name))
    }
    if (failsOver) for (const healed of failovers(state)) numberOf(healed)
  }
  return { states, next, wrong }
}

/** Before its release was tried, a process beside an older one gets a first share of the requests only. */
export const brokenByShare = (state: State, step: Step, goal: Goal): string | null => {
  if (step.kind !== 'admit-node' || !goal.trial || state.tried === goal.release) return null
  const { topology, running } = state
  const service = topology.nodes.find(({ name }) => name === step.node)?.service
  const runs = (name: string) => running.find(({ node }) => node === name)?.release
  const isFirst = topology.nodes.some(
    (node) =>
      node.service === service &&
      !node.entry &&
      takesRequests(state, node) &&
      runs(node.name) !== goal.release,
  )
  const isRight = runs(step.node) !== goal.release || isFirst === (step.share !== undefined)
  return isRight ? null : `${step.node} got ${step.share ?? 'more than its first'} share`
}

/** The goal is reached, and nothing else is left lying about. */
const isThere = (state: State, goal: Goal): boolean =>
  isReached(state, goal) &&
  (goal.power === 'off' || isSame(comparable(state.topology), comparable(goal.topology)))

/** A topology without its version and the order of its lists. */
export const comparable = ({ hosts, nodes, rungs }: Topology) => ({
  rungs,
  hosts: Object.fromEntries(hosts.map((host) => [host.name, host])),
  nodes: Object.fromEntries(nodes.map((node) => [node.name, node])),
})

/** A climb that would go on for ever, as the steps of its circle; null when there is none. */
export const circleIn = ({ states, next }: Exploration, goals: readonly Goal[]) => {
  for (const [index, goal] of goals.entries()) {
    const after = next[index] ?? []
    const seenIn = new Map<number, number>()
    for (let start = 0; start < after.length; start++) {
      for (let at: number | null = start; at !== null && !seenIn.has(at); at = after[at] ?? null) {
        seenIn.set(at, start)
        const then: number | null = after[at] ?? null
        if (then !== null && seenIn.get(then) === start) {
          return { steps: stepsFrom(states[then], goal, 12), state: states[then], goal }
        }
      }
    }
  }
  return null
}

const stepsFrom = (from: State | undefined, goal: Goal, count: number): readonly Step[] => {
  const steps: Step[] = []
  for (let state = from; state && steps.length < count; ) {
    const step = nextStep(state, goal)
    if (!step) break
    steps.push(step)
    state = simulate(state, step)
  }
  return steps
}

/**
 * What becomes of the database servers without a plan: whoever keeps them promotes, and has the others confirm,
 * at once or when they are seen to follow, be it the one that led before.
 */
export const failovers = (state: State): readonly State[] => {
  const { topology, confirming } = state
  if (state.primary === null) return []
  if (!primaryRuns(state)) {
    const { primary: old } = state
    return confirming
      .filter((name) => findRunning(state, name))
      .flatMap((primary) => {
        const others = confirming.filter((name) => name !== primary)
        const lists = [[], others, [...others, old].sort()]
        return lists.map((list) => ({ ...state, primary, confirming: list }))
      })
  }
  const shrunk = confirming
    .filter((name) => !findRunning(state, name))
    .map((dead) => ({ ...state, confirming: confirming.filter((name) => name !== dead) }))
  if (!topology.rungs.includes('replicated')) return shrunk
  const idle = membersOf(topology).filter(
    ({ name }) => name !== state.primary && !isConfirming(state, name) && findRunning(state, name),
  )
  const grown = idle.map(({ name }) => ({ ...state, confirming: [...confirming, name].sort() }))
  return [...shrunk, ...grown]
}

const withoutNode = (state: State, name: string): State => ({
  ...state,
  running: state.running.filter(({ node }) => node !== name),
})

const say = (state: State, { topology, ...goal }: Goal): string => {
  const to = { rungs: topology.rungs, nodes: topology.nodes.map(({ name }) => name), ...goal }
  return JSON.stringify({ state: JSON.parse(keyOf(state)), goal: to })
}

const keyOf = ({ topology, running, migrated, admitted, ...release }: State): string =>
  JSON.stringify({
    rungs: topology.rungs,
    hosts: topology.hosts.map(({ name, address }) => `${name} ${address}`),
    nodes: topology.nodes.map(
      ({ name, tier, host, port, size, entry }) =>
        `${name} ${tier} ${host}:${port} ${size.cpus} ${entry ?? ''}`,
    ),
    running: running.map(({ node, release }) => `${node} ${release}`).sort(),
    migrated,
    admitted,
    ...release,
  })
