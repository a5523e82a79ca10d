import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ground } from './ground.ts'
import type { Goal, State } from './state.ts'
import { circleIn, type ExploreOptions, explore } from './test-explore.ts'
import { offGoals } from './test-goals.ts'
import { everyMark, firstLive, isNotRefused, reach, release } from './test-releases.ts'
import { groundOf, isRoutedShape, rungsOf, type Shape, systemsUpTo } from './test-systems.ts'

/** One service with routes of each kind, without and with a worker, without and with data. */
const shapes = systemsUpTo(2).filter(
  (shape) =>
    isRoutedShape(shape) &&
    shape.data !== 'adopted' &&
    (shape.services.length === 1 || shape.services[1] === 'worker'),
)
const statesMax = 20_000

/** Gives the number of states, all of which were looked at. */
const assertSound = (
  start: State,
  goals: readonly Goal[],
  what: unknown,
  options: Partial<ExploreOptions> = {},
): number => {
  const all = { crashes: true, forgets: true, statesMax, isAsked: isNotRefused, ...options }
  const explored = explore([start], goals, all)
  assert.deepEqual(explored.wrong, [], JSON.stringify(what))
  assert.equal(circleIn(explored, goals), null, JSON.stringify(what))
  return explored.states.length
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)

const forms = (ground: Ground, names: readonly string[]) => ({
  old: release('r1', names, ground),
  fresh: release('r2', names, ground, everyMark),
})

test('whoever dies when, a release that is tried goes on, and back, from every state', (t) => {
  const counts = shapes.flatMap((shape) =>
    rungsOf(shape).map((names) => {
      const { old, fresh } = forms(groundOf(shape), names)
      return assertSound(reach(firstLive, old), [old, fresh], { shape, names })
    }),
  )
  t.diagnostic(`${total(counts)} states of ${shapes.length} systems`)
  assert.ok(total(counts) > 5_000)
})

test('a release and a change of the rung are one climb, from every rung to every other', (t) => {
  const counts = shapes
    .filter(({ services }) => services.length === 1)
    .flatMap((shape) => {
      const ground = groundOf(shape)
      const [single, balanced] = rungsOf(shape)
      assert.ok(single && balanced)
      return [
        [single, balanced],
        [balanced, single],
      ].map(([from = [], to = []]) => {
        const old = release('r1', from, ground)
        const goals = [old, release('r2', to, ground, everyMark)]
        return assertSound(reach(firstLive, old), goals, { shape, from, to })
      })
    })
  t.diagnostic(`${total(counts)} states`)
  assert.ok(total(counts) > 2_000)
})

test('one balancer is exchanged for the other, with a release or without, and nobody goes unanswered', (t) => {
  const shape: Shape = { services: ['web'], data: true }
  const gateway = groundOf(shape)
  const haproxy: Ground = { ...gateway, balancer: 'haproxy' }
  const names = ['balanced']
  const start = reach(firstLive, release('r1', names, gateway))
  const fresh = [gateway, haproxy].map((ground) => release('r2', names, ground, everyMark))
  const old = [gateway, haproxy].map((ground) => release('r1', names, ground))
  const counts = [
    assertSound(start, old, 'without a release'),
    assertSound(start, [...old, ...offGoals(old[0]?.topology ?? start.topology)], 'and off'),
    ...fresh.map((goal) =>
      assertSound(start, [...old, goal], 'with a release', { crashes: false }),
    ),
  ]
  t.diagnostic(`${counts.join(' + ')} states`)
})

test('two services with routes are tried both before anything older goes', (t) => {
  for (const services of [
    ['web', 'web'],
    ['web', 'plain'],
  ] as const) {
    for (const names of [['single'], ['balanced']]) {
      const { old, fresh } = forms(groundOf({ services, data: false }), names)
      const options = { crashes: names[0] === 'single' }
      const count = assertSound(reach(firstLive, old), [old, fresh], { services, names }, options)
      t.diagnostic(`${count} states of ${services.join(' and ')} on ${names[0]}`)
    }
  }
})

test('a release adds a service, takes one away, or gives a worker routes, in one climb with its trial', (t) => {
  const all = groundOf({ services: ['web', 'web'], data: false })
  const [first, second] = all.system.services
  assert.ok(first && second)
  const one: Ground = { ...all, system: { ...all.system, services: [first] } }
  const idle: Ground = {
    ...all,
    system: { ...all.system, services: [first, { ...second, routes: [] }] },
  }
  for (const names of [['single'], ['balanced']]) {
    for (const [from, to] of [
      [one, all],
      [all, one],
      [idle, all],
      [all, idle],
    ] as const) {
      const old = release('r1', names, from)
      const goals = [old, release('r2', names, to, everyMark)]
      const what = [from, to].map(({ system }) => system.services.map(({ name }) => name))
      const count = assertSound(
        reach(firstLive, old),
        goals,
        { names, what },
        { crashes: names[0] === 'single' },
      )
      t.diagnostic(`${count} states of ${JSON.stringify(what)} on ${names[0]}`)
    }
  }
})

test('a release that is asked for while another one is half there goes on from that', (t) => {
  const counts = shapes
    .filter(({ services, data }) => services.length === 1 && !data)
    .map((shape) => {
      const ground = groundOf(shape)
      const goals = ['r1', 'r2', 'r3'].map((name, index) =>
        release(name, ['balanced'], ground, index > 0 ? { trial: true } : {}),
      )
      const [old] = goals
      assert.ok(old)
      return assertSound(reach(firstLive, old), goals, shape, { crashes: false })
    })
  t.diagnostic(`${counts.join(' + ')} states`)
})

test('the first release of all has nothing to be compared with, and applies its migrations whole', () => {
  for (const shape of shapes) {
    for (const names of rungsOf(shape)) {
      const { fresh } = forms(groundOf(shape), names)
      const { emptyState } = { emptyState: { ...firstLive, live: null } }
      const explored = explore([emptyState], [fresh], { crashes: true, forgets: true, statesMax })
      assert.deepEqual(explored.wrong, [], JSON.stringify(shape))
      assert.equal(circleIn(explored, [fresh]), null)
      assert.ok(explored.states.every(({ tried }) => tried === null))
    }
  }
})
