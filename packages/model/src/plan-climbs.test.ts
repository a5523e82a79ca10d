import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ground } from './ground.ts'
import { plan } from './plan.ts'
import { sentenceOf, simulate } from './simulate.ts'
import { emptyState, type Goal, type State } from './state.ts'
import { on } from './test-goals.ts'
import { groundOf } from './test-systems.ts'

const web = groundOf({ services: ['web', 'worker'], data: true })

const reach = (state: State, goal: Goal): State => plan(state, goal).reduce(simulate, state)

/** The sentences of a climb between two goals, each by its rung, ground and release. */
const climb = (from: Goal, to: Goal): readonly string[] =>
  plan(reach(emptyState, from), to).map(sentenceOf)

const single = (ground: Ground = web, release = 'r1') => on(['single'], ground, release)
const balanced = (ground: Ground = web, release = 'r1') => on(['balanced'], ground, release)

test('from single to balanced the second process and the gateway come before the first one is taken', () => {
  assert.deepEqual(climb(single(), balanced()), [
    'Place web-a-2 on local-2.',
    'Start web-a-2 with release r1.',
    'Let requests go to web-a-2.',
    'Place gateway-1 on local-1.',
    'Start gateway-1.',
    'Stop web-a-1 when it has finished its requests.',
    'Give web-a-1 its new place on local-1, behind the gateway.',
    'Start web-a-1 with release r1.',
    'Let requests go to web-a-1.',
    'Record that single and balanced hold.',
  ])
})

test('from balanced to single the process is the entry again before the gateway goes', () => {
  assert.deepEqual(climb(balanced(), single()), [
    'Record that single holds.',
    'Send web-a-1 nothing new, and wait until it has answered.',
    'Stop web-a-1 when it has finished its requests.',
    'Give web-a-1 its new place on local-1, at the public address.',
    'Start web-a-1 with release r1.',
    'Stop gateway-1 when it has finished its requests.',
    'Stop web-a-2 when it has finished its requests.',
    'Remove web-a-2.',
    'Remove gateway-1.',
  ])
})

test('a process that takes no passed socket, and two services with routes, stand behind a gateway on single', () => {
  const plain = groundOf({ services: ['plain'], data: false })
  assert.deepEqual(plan(emptyState, single(plain)).map(sentenceOf), [
    'Place plain-a-1 on local-1.',
    'Start plain-a-1 with release r1.',
    'Let requests go to plain-a-1.',
    'Place gateway-1 on local-1.',
    'Start gateway-1.',
    'Record that release r1 is live.',
    'Record that single holds.',
  ])
  const two = on(['single'], groundOf({ services: ['web', 'web'], data: false }))
  const entries = two.topology.nodes.filter(({ entry }) => entry).map(({ name }) => name)
  assert.deepEqual(entries, ['gateway-1'])
})

test('from a gateway on single to balanced nothing but the second process is added', () => {
  const plain = groundOf({ services: ['plain'], data: false })
  assert.deepEqual(climb(single(plain), balanced(plain)), [
    'Place plain-a-2 on local-2.',
    'Start plain-a-2 with release r1.',
    'Let requests go to plain-a-2.',
    'Record that single and balanced hold.',
  ])
  assert.deepEqual(climb(balanced(plain), single(plain)), [
    'Record that single holds.',
    'Send plain-a-2 nothing new, and wait until it has answered.',
    'Stop plain-a-2 when it has finished its requests.',
    'Remove plain-a-2.',
  ])
})

test('a web process that turned out to take no passed socket is placed anew, not stood in for', () => {
  const goal = single(groundOf({ services: ['web'], data: false }))
  const first = plan(emptyState, goal).slice(0, 1).reduce(simulate, emptyState)
  const { system, ...rest } = groundOf({ services: ['web'], data: false })
  assert.deepEqual(plan(first, single({ ...rest, system, plain: ['web-a'] })).map(sentenceOf), [
    'Give web-a-1 its new place on local-1, behind the gateway.',
    'Start web-a-1 with release r1.',
    'Let requests go to web-a-1.',
    'Place gateway-1 on local-1.',
    'Start gateway-1.',
    'Record that release r1 is live.',
    'Record that single holds.',
  ])
})

test('a gateway whose place changes has a stand-in meanwhile', () => {
  const ports = { ...web.ports, 'gateway-1': 7000 }
  const sentences = climb(balanced(), balanced({ ...web, ports }))
  assert.deepEqual(sentences, [
    'Place gateway-1-stand-in on local-1.',
    'Start gateway-1-stand-in.',
    'Stop gateway-1 when it has finished its requests.',
    'Give gateway-1 its new place on local-1.',
    'Start gateway-1.',
    'Stop gateway-1-stand-in when it has finished its requests.',
    'Remove gateway-1-stand-in.',
  ])
})

test('when all is to be off the entry stops first, and the database last', () => {
  const off = { ...balanced(), power: 'off' } as const
  assert.deepEqual(climb(balanced(), off), [
    'Stop gateway-1 when it has finished its requests.',
    'Stop web-a-1 when it has finished its requests.',
    'Stop web-a-2 when it has finished its requests.',
    'Stop worker-b-1 when it has finished its requests.',
    'Stop db-1 when it has finished its requests.',
  ])
})

test('when the second process dies on the way down, the drained one gets requests again, and a stand-in comes', () => {
  const there = reach(emptyState, balanced())
  const drained = plan(there, single()).slice(0, 2).reduce(simulate, there)
  const alone: State = {
    ...drained,
    running: drained.running.filter(({ node }) => node !== 'web-a-2'),
  }
  assert.deepEqual(plan(alone, single()).map(sentenceOf).slice(0, 4), [
    'Let requests go to web-a-1.',
    'Place web-a-1-stand-in on local-1.',
    'Start web-a-1-stand-in with release r1.',
    'Stop gateway-1 when it has finished its requests.',
  ])
})

test('a stand-in has a port that nobody has, neither now nor later', () => {
  const steps = plan(reach(emptyState, single()), single(web, 'r2'))
  const made = steps.find(({ kind }) => kind === 'create-node')
  assert.ok(made?.kind === 'create-node')
  assert.equal(made.node.entry, true)
  assert.deepEqual([web.ports['web-a-1'], web.ports['worker-b-1']], [5433, 5434])
  assert.equal(made.node.port, 5435)
})
