import { freezeDeep } from './freeze.ts'
import { isSame } from './is-same.ts'
import { simulate } from './simulate.ts'
import { findHost, findNode, findRunning, type Goal, isDataNode, type State } from './state.ts'
import type { Step } from './step.ts'
import type { Node, Tier, Topology } from './topology.ts'

/*
 * The order of a climb, and why it is this one:
 *
 * 1. A rung that is given up is withdrawn first: nobody may rely on what is about to go.
 * 2. The data tier comes up before anything that needs it.
 * 3. Migrations come before the code that was written for them; they only ever expand.
 * 4. Grow before shrink: new nodes serve before others go.
 * 5. A node whose place, size or release changes is stopped, changed and started, one after another.
 *    A host whose address changes takes all its nodes with it.
 * 6. What takes requests in stops before what answers them: services, then databases.
 * 7. A database server goes only when nothing runs that could use it, and only when that was asked for.
 * 8. A server that somebody else runs is watched and asked, and let go of where ours would be deleted.
 * 9. A rung is recorded last, when everything that it promises is there.
 *
 * Each rule looks at the state alone, never at the rules that went before. So a climb that was
 * interrupted anywhere is planned again from what is there, and goes on as if nothing had happened.
 */
type Rule = (state: State, goal: Goal) => Step | undefined

const growing: readonly Rule[] = [
  withdrawRungs,
  changeHosts,
  bringUpData,
  applyMigrations,
  addServices,
  changeServices,
  stopServices,
  removeServices,
  stopData,
  destroyData,
  recordRungs,
]

/** A system that is to be off grows nothing. */
const halting: readonly Rule[] = [
  withdrawRungs,
  stopServices,
  removeServices,
  stopData,
  destroyData,
]

/**
 * The steps from a state to a goal: plain frozen data, empty when the goal is reached.
 *
 * @example
 * for (const step of plan(state, goal)) console.log(sentenceOf(step))
 */
export const plan = (current: State, goal: Goal): readonly Step[] => {
  const steps: Step[] = []
  let state = current
  for (let step = nextStep(state, goal); step; step = nextStep(state, goal)) {
    steps.push(step)
    state = simulate(state, step)
  }
  return freezeDeep(steps)
}

/** The first step of a plan, or null when the goal is reached. */
export const nextStep = (state: State, goal: Goal): Step | null => {
  for (const rule of goal.power === 'on' ? growing : halting) {
    const step = rule(state, goal)
    if (step) return step
  }
  return null
}

function withdrawRungs({ topology }: State, goal: Goal): Step | undefined {
  const kept = topology.rungs.filter((rung) => goal.topology.rungs.includes(rung))
  if (kept.length < topology.rungs.length) return { kind: 'record-rungs', rungs: kept }
}

function changeHosts(state: State, goal: Goal): Step | undefined {
  for (const host of goal.topology.hosts) {
    const before = findHost(state.topology, host.name)
    if (!before || isSame(before, host)) continue
    const users = byStopOrder(state.topology.nodes.filter((node) => node.host === host.name))
    const running = users.find(({ name }) => findRunning(state, name))
    return running ? stopNode(running) : { kind: 'change-host', host }
  }
}

function bringUpData(state: State, goal: Goal): Step | undefined {
  for (const node of dataNodes(goal.topology)) {
    const step = bringUp(state, goal, node, null)
    if (step) return step
  }
}

function applyMigrations({ migrated }: State, { topology, release }: Goal): Step | undefined {
  const nodes = dataNodes(topology)
  if (nodes.length === 0 || migrated === release) return
  const needs = nodes.map(({ name }) => name)
  const kind = nodes.some(({ adopted }) => adopted) ? 'inspect-data' : 'apply-migrations'
  return { kind, release, needs }
}

function addServices(state: State, goal: Goal): Step | undefined {
  for (const node of serviceNodes(goal.topology)) {
    const step = isChange(state, goal, node) ? undefined : bringUp(state, goal, node, goal.release)
    if (step) return step
  }
}

function changeServices(state: State, goal: Goal): Step | undefined {
  for (const node of serviceNodes(goal.topology)) {
    const step = bringUp(state, goal, node, goal.release)
    if (step) return step
  }
}

function stopServices(state: State, goal: Goal): Step | undefined {
  return stopFirst(state, goal, serviceNodes(state.topology))
}

function removeServices({ topology }: State, goal: Goal): Step | undefined {
  const node = serviceNodes(topology).find(({ name }) => !findNode(goal.topology, name))
  if (node) return { kind: 'remove-node', node: node.name }
}

function stopData(state: State, goal: Goal): Step | undefined {
  return stopFirst(state, goal, dataNodes(state.topology))
}

function destroyData({ topology, running }: State, goal: Goal): Step | undefined {
  if (goal.power === 'on' || !goal.destroyData || running.some(({ release }) => release !== null))
    return
  const node = dataNodes(topology).find(({ name }) => !findNode(goal.topology, name))
  if (node) {
    return { kind: node.adopted ? 'release-data-node' : 'destroy-data-node', node: node.name }
  }
}

function recordRungs({ topology }: State, goal: Goal): Step | undefined {
  const { rungs } = goal.topology
  if (rungs.join() !== topology.rungs.join()) return { kind: 'record-rungs', rungs }
}

/** The next step until a node of the goal runs, as the goal wants it. */
const bringUp = (
  state: State,
  goal: Goal,
  node: Node,
  release: string | null,
): Step | undefined => {
  const host = findHost(goal.topology, node.host)
  // A topology names the host of every node; without it there is no place to put the node.
  if (!host) return
  if (!findNode(state.topology, node.name)) {
    return { kind: kindOfMaking(node), node, host }
  }
  const running = findRunning(state, node.name)
  if (running && isChange(state, goal, node)) return stopNode(node)
  if (running) return
  if (isChange(state, goal, node)) return { kind: 'change-node', node, host }
  const needs = release === null ? [] : dataNodes(goal.topology).map(({ name }) => name)
  return { kind: 'start-node', node: node.name, release, needs, ...markOf(node) }
}

const kindOfMaking = (node: Node) => {
  if (!isDataNode(node)) return 'create-node'
  return node.adopted ? 'adopt-data-node' : 'create-data-node'
}

const stopNode = (node: Node): Step => ({ kind: 'stop-node', node: node.name, ...markOf(node) })

const markOf = ({ adopted }: Node): { adopted?: true } => (adopted ? { adopted } : {})

/** Whether a node that is there has to become another one, or to run another release. */
const isChange = ({ topology, running }: State, goal: Goal, node: Node): boolean => {
  const before = findNode(topology, node.name)
  if (!before) return false
  const release = running.find((other) => other.node === node.name)?.release ?? null
  return !isSame(before, node) || (release !== null && release !== goal.release)
}

/** The next node to stop: one that is not in the goal, or any when all is to be off. */
const stopFirst = (state: State, goal: Goal, nodes: readonly Node[]): Step | undefined => {
  const node = byStopOrder(nodes).find(
    ({ name }) =>
      findRunning(state, name) && (goal.power === 'off' || !findNode(goal.topology, name)),
  )
  if (node) return stopNode(node)
}

const stopOrder: readonly Tier[] = ['entry', 'web', 'worker', 'queue', 'cache', 'data', 'telemetry']

const byStopOrder = (nodes: readonly Node[]): readonly Node[] =>
  [...nodes].sort((a, b) => stopOrder.indexOf(a.tier) - stopOrder.indexOf(b.tier))

const dataNodes = ({ nodes }: Topology): readonly Node[] => nodes.filter(isDataNode)

const serviceNodes = ({ nodes }: Topology): readonly Node[] =>
  nodes.filter((node) => !isDataNode(node))
