import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Goal, isDataNode } from './state.ts'
import { circleIn, type ExploreOptions, explore } from './test-explore.ts'
import { movedGround, offGoals, on, resizedGround } from './test-goals.ts'
import { everyMark, firstLive, isNotRefused, reach, release } from './test-releases.ts'
import { dataRungsOf, groundOf, type Shape } from './test-systems.ts'

const statesMax = 400_000

/** Looks at all states, and says how many they were. */
const assertSound = (
  t: TestContext,
  goals: readonly Goal[],
  what: string,
  { start = firstLive, ...options }: Partial<ExploreOptions> & { start?: typeof firstLive } = {},
): void => {
  const explored = explore([start], goals, {
    crashes: true,
    failsOver: true,
    statesMax,
    ...options,
  })
  assert.deepEqual(explored.wrong, [], what)
  assert.equal(circleIn(explored, goals), null, what)
  t.diagnostic(`${explored.states.length} states: ${what}`)
}

const worker = (replicas: number): Shape => ({ services: ['worker'], data: true, replicas })
const web = (replicas: number): Shape => ({ services: ['web'], data: true, replicas })
const onEvery = (shape: Shape, ground = groundOf(shape)): readonly Goal[] =>
  dataRungsOf(shape).map((names) => on(names, ground))

/** The soak looks at whole systems, of which each run of the tests looks at parts. */
const isWhole = process.env.BANYAN_PLAN_MEMBERS === 'whole'

test('whoever dies when, and whoever takes over, the database climbs between all its rungs', (t) => {
  for (const replicas of [1, 2]) {
    assertSound(t, onEvery(worker(replicas)), `a worker, ${replicas} copies`)
  }
})

test('the database moves and is copied beside the climbs of what answers, in any order of the rungs', (t) => {
  assertSound(t, onEvery(web(2)), 'two copies, nobody dies', { crashes: false })
})

test('databases die and take over beside the climbs of what answers', (t) => {
  assertSound(t, onEvery(web(1)), 'one copy, and databases die', { mayDie: isDataNode })
})

test('whoever dies of a whole system on its way from one rung to four', { skip: !isWhole }, (t) => {
  assertSound(t, onEvery(web(1)), 'one copy, and everybody dies')
  assertSound(t, onEvery(web(2)), 'two copies, and databases die', { mayDie: isDataNode })
})

const changeable = [worker(1), ...(isWhole ? [worker(2)] : [])]

test('hosts of databases move all at once', (t) => {
  for (const shape of changeable) {
    const moved = onEvery(shape, movedGround(groundOf(shape)))
    assertSound(t, [...onEvery(shape), ...moved], `${shape.replicas} copies on other hosts`)
  }
})

test('databases change their size beside every other change', (t) => {
  for (const shape of changeable) {
    const resized = onEvery(shape, resizedGround(groundOf(shape)))
    assertSound(t, [...onEvery(shape), ...resized], `${shape.replicas} copies of another size`)
  }
})

test('several copies change their size one after another', (t) => {
  const ground = groundOf(worker(2))
  const goals = [ground, resizedGround(ground)].map((size) => on(['replicated'], size))
  assertSound(t, goals, 'two copies of another size')
})

test('everything stops, and is deleted, in the middle of any move of the database', (t) => {
  const here = onEvery(worker(2))
  const tops = [here[0], here.at(-1)]
  const off = tops.flatMap((goal) => offGoals(goal?.topology ?? firstLive.topology))
  assertSound(t, [...here, ...off], 'off, and deleted')
})

test('a release comes live, and goes back, while databases die and control forgets', (t) => {
  for (const names of [['replicated'], ['split', 'replicated']]) {
    const ground = groundOf(web(1))
    const old = release('r1', names, ground)
    const goals = [old, release('r2', names, ground, everyMark)]
    const start = reach(firstLive, old)
    const options = { start, mayDie: isDataNode, forgets: true, isAsked: isNotRefused }
    assertSound(t, goals, `a release on ${names}`, options)
  }
})

test('a release and a move of the database are one climb', (t) => {
  const ground = groundOf(web(1))
  for (const [from, to] of [
    ['single', 'split'],
    ['single', 'replicated'],
    ['replicated', 'single'],
  ] as const) {
    const old = release('r1', [from], ground)
    const goals = [old, release('r2', [to], ground, everyMark)]
    const start = reach(firstLive, old)
    const options = { start, mayDie: isDataNode, forgets: true, isAsked: isNotRefused }
    assertSound(t, goals, `a release from ${from} to ${to}`, options)
  }
})
