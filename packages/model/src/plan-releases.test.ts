import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ground } from './ground.ts'
import { plan } from './plan.ts'
import { sentenceOf, simulate } from './simulate.ts'
import { emptyState, type State } from './state.ts'
import type { Step } from './step.ts'
import { everyMark, reach, release } from './test-releases.ts'
import { groundOf } from './test-systems.ts'

const web = groundOf({ services: ['web', 'worker'], data: true })
const single = ['single']
const balanced = ['single', 'balanced']

const old = (names: readonly string[], ground: Ground = web) => release('r1', names, ground)
const fresh = (names: readonly string[], ground: Ground = web) =>
  release('r2', names, ground, everyMark)

const statesOf = (start: State, steps: readonly Step[]): readonly State[] => {
  const states = [start]
  for (const step of steps) states.push(simulate(states.at(-1) ?? start, step))
  return states
}

const kindsOf = (steps: readonly Step[]) => steps.map(({ kind }) => kind)

test('a release on single is tried on the share of connections that a stand-in takes', () => {
  assert.deepEqual(plan(reach(emptyState, old(single)), fresh(single)).map(sentenceOf), [
    'Build release r2.',
    'Bring db-1 to the migrations of release r2.',
    'Place web-a-1-stand-in on local-1.',
    'Start web-a-1-stand-in with release r2.',
    'Compare what web-a-1-stand-in answers with the answers of the release before.',
    'Stop web-a-1 when it has finished its requests.',
    'Start web-a-1 with release r2.',
    'Stop web-a-1-stand-in when it has finished its requests.',
    'Remove web-a-1-stand-in.',
    'Stop worker-b-1 when it has finished its requests.',
    'Start worker-b-1 with release r2.',
    'Record that release r2 is live.',
    'Take away from db-1 what release r2 needs no more.',
  ])
})

test('a release on balanced gets a first share, then goes through one process after another', () => {
  assert.deepEqual(plan(reach(emptyState, old(balanced)), fresh(balanced)).map(sentenceOf), [
    'Build release r2.',
    'Bring db-1 to the migrations of release r2.',
    'Place web-a-1-stand-in on local-1.',
    'Start web-a-1-stand-in with release r2.',
    'Let a first share of the requests (10%) go to web-a-1-stand-in.',
    'Compare what web-a-1-stand-in answers with the answers of the release before.',
    'Send web-a-1 nothing new, and wait until it has answered.',
    'Stop web-a-1 when it has finished its requests.',
    'Start web-a-1 with release r2.',
    'Let requests go to web-a-1.',
    'Send web-a-2 nothing new, and wait until it has answered.',
    'Stop web-a-2 when it has finished its requests.',
    'Start web-a-2 with release r2.',
    'Let requests go to web-a-2.',
    'Send web-a-1-stand-in nothing new, and wait until it has answered.',
    'Stop web-a-1-stand-in when it has finished its requests.',
    'Remove web-a-1-stand-in.',
    'Stop worker-b-1 when it has finished its requests.',
    'Start worker-b-1 with release r2.',
    'Record that release r2 is live.',
    'Take away from db-1 what release r2 needs no more.',
  ])
})

test('a release that is undone after it came live comes back without build, trial or contract', () => {
  const goal = release('r2', balanced, web, { builds: true, trial: true })
  const live = reach(reach(emptyState, old(balanced)), goal)
  const back = plan(live, old(balanced))
  assert.deepEqual(kindsOf(back).slice(0, 4), [
    'apply-migrations',
    'create-node',
    'start-node',
    'admit-node',
  ])
  assert.equal(back.at(-1)?.kind, 'record-release')
  const kinds = kindsOf(back)
  assert.ok(
    !kinds.some((kind) => ['build-release', 'try-release', 'contract-migrations'].includes(kind)),
  )
  assert.ok(back.every((step) => step.kind !== 'apply-migrations' || !step.whole))
})

test('a release that was tried, taken live and undone is tried again when it comes again', () => {
  const goal = release('r2', single, web, { trial: true })
  const states = [old(single), goal, old(single)].reduce(reach, emptyState)
  assert.equal(states.tried, null)
  assert.ok(kindsOf(plan(states, goal)).includes('try-release'))
})

test('on the way back to the live release nothing is migrated, and no more is started than went', () => {
  for (const names of [single, balanced]) {
    const start = reach(emptyState, old(names))
    const forward = plan(start, fresh(names))
    for (const [index, state] of statesOf(start, forward).entries()) {
      if (state.live !== 'r1') break
      const back = plan(state, old(names))
      assert.ok(!kindsOf(back).some((kind) => kind === 'apply-migrations'), `step ${index}`)
      const end = statesOf(state, back).at(-1)
      assert.deepEqual(end?.topology.nodes, start.topology.nodes)
      assert.equal(end?.live, 'r1')
      if (state.tried !== 'r2') assert.ok(back.every(({ kind }) => kind !== 'start-node'))
    }
  }
})

test('no more than one process of a service runs beside those that there were', () => {
  for (const names of [single, balanced]) {
    const start = reach(emptyState, old(names))
    const count = start.running.length
    for (const goals of [[fresh(names)], [release('r2', names, web), old(names)]]) {
      let state = start
      for (const goal of goals) {
        for (const after of statesOf(state, plan(state, goal))) {
          assert.ok(after.running.length <= count + 1)
          state = after
        }
      }
    }
  }
})

test('a first start applies all migrations, a release only those that the older one tolerates', () => {
  const isWhole = (steps: readonly Step[]) =>
    steps.flatMap((step) => (step.kind === 'apply-migrations' ? [step.whole === true] : []))
  assert.deepEqual(isWhole(plan(emptyState, fresh(single))), [true])
  const live = reach(emptyState, old(single))
  assert.deepEqual(isWhole(plan(live, fresh(single))), [false])
  // A control that was killed has seen no migrations applied, and knows what is live.
  assert.deepEqual(isWhole(plan({ ...live, migrated: null }, old(single))), [true])
  const [half] = statesOf(live, plan(live, fresh(single))).filter(({ tried }) => tried === 'r2')
  assert.ok(half)
  assert.deepEqual(isWhole(plan({ ...half, migrated: null }, old(single))), [false])
})

test('contract migrations wait until the rungs are recorded too', () => {
  const steps = plan(reach(emptyState, old(single)), fresh(balanced))
  assert.deepEqual(kindsOf(steps).slice(-3), [
    'record-release',
    'record-rungs',
    'contract-migrations',
  ])
})

test('a database that somebody else runs is contracted by nobody', () => {
  const ground = groundOf({ services: ['web'], data: 'adopted' })
  const steps = plan(reach(emptyState, old(single, ground)), fresh(single, ground))
  assert.equal(kindsOf(steps).at(-1), 'record-release')
})

test('a release without a trial goes through all the same, and the stand-in gets its full share', () => {
  const goal = release('r2', balanced, web)
  const sentences = plan(reach(emptyState, old(balanced)), goal).map(sentenceOf)
  assert.ok(sentences.includes('Let requests go to web-a-1-stand-in.'))
  assert.ok(!sentences.some((sentence) => sentence.startsWith('Compare')))
})

test('when everything older has died there is nothing to compare with, and the release is not held up', () => {
  const dead = { ...reach(emptyState, old(balanced)), running: [] }
  const kinds = kindsOf(plan(dead, fresh(balanced)))
  assert.ok(!kinds.includes('try-release'))
  assert.equal(kinds.at(-1), 'contract-migrations')
})

test('a process that is back after it died counts as one of the release, beside the stand-in', () => {
  const start = reach(emptyState, old(balanced))
  const dead = { ...start, running: start.running.filter(({ node }) => node !== 'web-a-1') }
  const steps = plan(dead, fresh(balanced))
  const tried = steps.find(({ kind }) => kind === 'try-release')
  assert.ok(tried?.kind === 'try-release')
  assert.deepEqual(tried.nodes, ['web-a-1', 'web-a-1-stand-in'])
})

test('a new service runs before the trial, and one that is gone answers until the release is tried', () => {
  const two = groundOf({ services: ['web', 'web'], data: false })
  const [first, second] = two.system.services
  assert.ok(first && second)
  const other: Ground = { ...two, system: { ...two.system, services: [first] } }
  const added = plan(reach(emptyState, old(balanced, other)), fresh(balanced, two)).map(sentenceOf)
  const trial = added.findIndex((sentence) => sentence.startsWith('Compare'))
  assert.ok(added.indexOf('Let requests go to web-b-2.') < trial)
  assert.equal(
    added[trial],
    'Compare what web-a-1-stand-in answers with the answers of the release before.',
  )
  const gone = plan(reach(emptyState, old(balanced, two)), fresh(balanced, other)).map(sentenceOf)
  assert.ok(
    gone.findIndex((sentence) => sentence.startsWith('Compare')) < gone.indexOf('Remove web-b-2.'),
  )
})

test('a process that waits for a port is stood in for before anything older goes untried', () => {
  const ground = groundOf({ services: ['web', 'web'], data: false })
  const ports = { ...ground.ports, 'web-a-1': ground.ports['web-b-1'] ?? 0, 'web-b-1': 7000 }
  const there = reach(emptyState, old(balanced, ground))
  const dead = { ...there, running: there.running.filter(({ node }) => node !== 'web-a-1') }
  const steps = plan(dead, release('r2', single, { ...ground, ports }, { trial: true }))
  const trial = steps.findIndex(({ kind }) => kind === 'try-release')
  const begun = new Set(there.running.map(({ node }) => node))
  const outBefore = steps
    .slice(0, trial)
    .filter((step) => step.kind === 'stop-node' && begun.has(step.node))
  assert.deepEqual(outBefore, [])
  assert.deepEqual(steps[trial], {
    kind: 'try-release',
    release: 'r2',
    nodes: ['web-a-1-stand-in', 'web-b-1-stand-in'],
  })
})

test('the gateway and HAProxy are exchanged beside each other', () => {
  const haproxy: Ground = { ...web, balancer: 'haproxy' }
  assert.deepEqual(plan(reach(emptyState, old(balanced)), old(balanced, haproxy)).map(sentenceOf), [
    'Place haproxy-1 on local-1.',
    'Start haproxy-1.',
    'Stop gateway-1 when it has finished its requests.',
    'Remove gateway-1.',
  ])
})
