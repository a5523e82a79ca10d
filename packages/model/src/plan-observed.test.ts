// Those who watch are independent of everything else: so they are explored by themselves, beside the
// changes that could meet them, and not once more in every exploration of the others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ground } from './ground.ts'
import { plan } from './plan.ts'
import { refusals } from './refusals.ts'
import { sentenceOf, simulate } from './simulate.ts'
import { emptyState, emptyTopology, type Goal, type State } from './state.ts'
import { circleIn, explore } from './test-explore.ts'
import { movedGround, offGoals, on, resizedGround } from './test-goals.ts'
import { firstLive } from './test-releases.ts'
import { groundOf, type Shape } from './test-systems.ts'

const shape: Shape = { services: ['web'], data: true }
const ground = groundOf(shape)

const reach = (state: State, goal: Goal): State => plan(state, goal).reduce(simulate, state)

const climb = (from: Goal, to: Goal): readonly string[] =>
  plan(reach(emptyState, from), to).map(sentenceOf)

const assertSound = (goals: readonly Goal[], crashes: boolean): number => {
  const explored = explore([firstLive], goals, { crashes, statesMax: 30_000 })
  assert.deepEqual(explored.wrong, [])
  assert.equal(circleIn(explored, goals), null)
  return explored.states.length
}

test('observed adds Alertmanager, then Prometheus, on a host of their own, and nothing else changes', () => {
  assert.deepEqual(climb(on(['single'], ground), on(['single', 'observed'], ground)), [
    'Place alertmanager-1 on local-12.',
    'Start alertmanager-1.',
    'Place prometheus-1 on local-12.',
    'Start prometheus-1.',
    'Record that single and observed hold.',
  ])
  assert.deepEqual(climb(on(['observed'], ground), on(['single'], ground)), [
    'Record that single holds.',
    'Stop alertmanager-1 when it has finished its requests.',
    'Remove alertmanager-1.',
    'Stop prometheus-1 when it has finished its requests.',
    'Remove prometheus-1.',
  ])
})

test('those who watch come up when everything else has, and stop when everything else has', () => {
  const goal = on(['balanced', 'replicated', 'observed'], ground)
  const up = plan(emptyState, goal)
  const first = up.findIndex((step) => 'node' in step && sentenceOf(step).includes('alertmanager'))
  assert.deepEqual(
    up.slice(first + 4).map(({ kind }) => kind),
    ['record-rungs'],
  )
  const off = climb(goal, { ...goal, power: 'off' })
  assert.deepEqual(off.slice(-2), [
    'Stop alertmanager-1 when it has finished its requests.',
    'Stop prometheus-1 when it has finished its requests.',
  ])
  assert.match(off.at(-3) ?? '', /^Stop db-/)
})

test('a release is live before anybody waits for those who watch', () => {
  const there = reach(emptyState, on(['observed'], ground))
  const blind = { ...there, running: there.running.filter(({ node }) => node !== 'prometheus-1') }
  const kinds = plan(blind, on(['observed'], ground, 'r2')).map(({ kind }) => kind)
  assert.deepEqual(kinds.slice(kinds.indexOf('record-release')), ['record-release', 'start-node'])
})

test('whoever dies when, every climb to and from observed ends well and leaves everybody answered', (t) => {
  const rungs = [['single'], ['single', 'observed'], ['balanced', 'observed']]
  const goals = rungs.map((names) => on(names, ground))
  const count = assertSound(goals, true)
  const off = assertSound([...goals.slice(0, 2), ...offGoals(emptyTopology)], true)
  const releases = [
    on(['balanced', 'observed'], ground),
    on(['balanced', 'observed'], ground, 'r2'),
  ]
  const released = assertSound(releases, false)
  t.diagnostic(`${count}, ${off} and ${released} states`)
  assert.ok(count > 500)
})

test('a database is copied, moved and observed in any order', () => {
  const goals = [['observed'], ['split', 'observed'], ['split', 'replicated']].map((names) =>
    on(names, groundOf({ ...shape, replicas: 1 })),
  )
  assertSound(goals, false)
})

test('hosts that move, other sizes, and ports that nodes exchange are climbed to', () => {
  const names = ['balanced', 'observed']
  const shared: Ground = {
    ...ground,
    hosts: ground.hosts.map((host) => ({ ...host, address: '127.0.0.1' })),
  }
  const { 'web-a-2': web = 0, 'prometheus-1': own = 0, 'alertmanager-1': other = 0 } = ground.ports
  const exchanged = [
    { 'web-a-2': own, 'prometheus-1': web },
    { 'alertmanager-1': own, 'prometheus-1': other },
  ]
  assertSound([on(names, ground), on(names, movedGround(ground))], false)
  // All nodes change at once, in any order: that is many states, so that there are few nodes.
  const small = groundOf({ services: ['web'], data: false })
  assertSound([on(['observed'], small), on(['observed'], resizedGround(small, 100))], false)
  for (const ports of exchanged) {
    const to = { ...shared, ports: { ...ground.ports, ...ports } }
    assertSound([on(names, shared), on(names, to)], false)
  }
})

test('what measures nothing cannot be observed, and a machine without the host neither', () => {
  assert.deepEqual(refusals(['observed'], ground), [])
  const few = { ...ground, hosts: ground.hosts.slice(0, 5) }
  assert.deepEqual(refusals(['observed'], few), ['observed: It takes 12 hosts, and there are 5.'])
  const telemetry = {
    enabled: false,
    traces: { share: 0, slowMs: 500 },
    export: null,
    business: [],
  }
  const silent = { ...ground, system: { ...ground.system, telemetry } }
  assert.deepEqual(refusals(['observed'], silent), [
    'observed: Nothing is measured here (`telemetry.enabled` is false), so that there is nothing to read.',
  ])
  assert.deepEqual(refusals(['observed'], { ...ground, unmeasured: true }), [
    'observed: Nothing is measured in this run, which was started with BANYAN_TELEMETRY=off, so that there is nothing to read: start it without.',
  ])
})
