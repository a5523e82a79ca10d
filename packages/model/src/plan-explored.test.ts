import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ground } from './ground.ts'
import type { Goal } from './state.ts'
import { circleIn, explore } from './test-explore.ts'
import { movedGround, offGoals, on, resizedGround } from './test-goals.ts'
import { firstLive } from './test-releases.ts'
import { groundOf, rungsOf, type Shape, systemsUpTo } from './test-systems.ts'

const shapes = systemsUpTo(2)
/** Adopted or not, the data tier is the same to what stands before it. */
const plainShapes = shapes.filter(({ data }) => data !== 'adopted')
const isLarge = ({ services }: Shape): boolean =>
  services.filter((kind) => kind !== 'worker').length > 1
const smallShapes = plainShapes.filter(
  (shape) => !isLarge(shape) && (!shape.data || shape.services.length === 1),
)
const statesMax = 30_000

/** Gives the number of states, all of which were looked at. */
const assertSound = (goals: readonly Goal[], crashes: boolean, what: unknown): number => {
  const explored = explore([firstLive], goals, { crashes, statesMax })
  assert.deepEqual(explored.wrong, [], JSON.stringify(what))
  assert.equal(circleIn(explored, goals), null, JSON.stringify(what))
  return explored.states.length
}

const onEveryRung = (shape: Shape, ground: Ground, release = 'r1'): readonly Goal[] =>
  rungsOf(shape).map((names) => on(names, ground, release))

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)

test('whichever nodes die when, every climb between rungs ends well and leaves everybody answered', (t) => {
  const counts = shapes.map((shape) =>
    assertSound(onEveryRung(shape, groundOf(shape)), true, shape),
  )
  t.diagnostic(`${total(counts)} states of ${shapes.length} systems`)
  assert.ok(total(counts) > 5_000)
})

test('a change of the release goes on, and back, from every rung to every other', (t) => {
  const counts = plainShapes
    .filter((shape) => !shape.data)
    .flatMap((shape) => {
      const ground = groundOf(shape)
      const [old, fresh] = ['r1', 'r2'].map((release) => onEveryRung(shape, ground, release))
      assert.ok(old && fresh)
      if (shape.services.length === 1) return assertSound([...old, ...fresh], true, shape)
      // Who dies meanwhile is explored with the trial, in plan-releases-explored.test.ts.
      if (!isLarge(shape)) return assertSound([...old, ...fresh], false, shape)
      return old.flatMap((from) => fresh.map((to) => assertSound([from, to], false, shape)))
    })
  t.diagnostic(`${total(counts)} states`)
  assert.ok(total(counts) > 10_000)
})

test('everything can be stopped, or let go of, in the middle of any climb', () => {
  for (const shape of shapes) {
    const goals = onEveryRung(shape, groundOf(shape))
    const off = goals.flatMap(({ topology }) => offGoals(topology))
    assertSound([...goals, ...off], !isLarge(shape), shape)
  }
})

test('hosts that move and nodes that change their size are climbed to from every state', () => {
  for (const shape of smallShapes) {
    const ground = groundOf(shape)
    const here = onEveryRung(shape, ground)
    assertSound([...here, ...onEveryRung(shape, movedGround(ground))], true, shape)
    for (const from of here) {
      for (const names of rungsOf(shape)) {
        // The database changes its size too: beside a release, that is another matter.
        assertSound(
          [from, on(names, resizedGround(ground), shape.data ? 'r1' : 'r2')],
          false,
          shape,
        )
        if (shape.data) continue
        assertSound([from, on(names, resizedGround(ground, 100))], false, shape)
      }
    }
  }
})

test('another public host is climbed to, whatever was on the one before', () => {
  for (const shape of smallShapes) {
    const ground = groundOf(shape)
    const turned = { ...ground, hosts: ground.hosts.toReversed() }
    for (const from of onEveryRung(shape, ground)) {
      for (const to of onEveryRung(shape, turned)) assertSound([from, to], false, shape)
    }
  }
})

test('where all hosts have one address, nodes of two of them get along by their ports', () => {
  const shape: Shape = { services: ['web'], data: true }
  const ground = groundOf(shape)
  const hosts = ground.hosts.map((host) => ({ ...host, address: '127.0.0.1' }))
  const goals = onEveryRung(shape, { ...ground, hosts })
  assertSound(goals, true, 'one address')
})

test('nodes exchange their ports, and nobody goes unanswered', () => {
  const shape: Shape = { services: ['web'], data: false }
  const ground = groundOf(shape)
  const { 'web-a-1': web = 0, 'gateway-1': gateway = 0 } = ground.ports
  const ports = { ...ground.ports, 'web-a-1': gateway, 'gateway-1': web }
  const goals = [...onEveryRung(shape, ground), on(['balanced'], { ...ground, ports })]
  assertSound(goals, false, 'ports')
})

test('a service that turns out to take no passed socket goes behind a gateway', () => {
  for (const data of [false, true]) {
    const shape: Shape = { services: ['web'], data }
    const ground = groundOf(shape)
    const plain = onEveryRung(shape, { ...ground, plain: ['web-a'] })
    assertSound([...onEveryRung(shape, ground), ...plain], true, shape)
  }
})

test('services with routes come and go, and a worker gets routes, while the others are answered', () => {
  const all = groundOf({ services: ['web', 'web'], data: false })
  const { system } = all
  const [first, second] = system.services
  assert.ok(first && second)
  const without: Ground = { ...all, system: { ...system, services: [first] } }
  const workers = [first, { ...second, routes: [] }]
  const idle: Ground = { ...all, system: { ...system, services: workers } }
  for (const before of [without, idle]) {
    for (const names of [['single'], ['balanced']]) {
      const goals = [on(names, all), on(['single'], before), on(['balanced'], before)]
      assertSound(goals, true, names)
    }
  }
})
