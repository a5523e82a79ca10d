import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Connections } from '../http/connections.ts'
import { Journal } from '../memory/journal.ts'
import type { Scenario } from '../scenario.ts'
import { chooserOf } from './choose.ts'
import { Load, type LoadOptions } from './load.ts'
import { mixSeed, Random } from './random.ts'
import type { Run } from './turn.ts'

/** Loads actions that send nothing. */
async function load(action: () => unknown, options: Partial<LoadOptions>): Promise<Load> {
  const originMs = performance.now()
  const now = () => performance.now() - originMs
  const connections = new Connections('http://127.0.0.1:1', { keepAlive: 1, timeoutMs: 100, now })
  const run: Run = {
    url: 'http://127.0.0.1:1',
    prefix: '',
    name: 'test',
    seed: 1,
    oneRequestShare: 0,
    now,
    connections,
    journal: new Journal(now),
    nextNumber: () => 1,
  }
  const scenario: Scenario = {
    name: 'test',
    actions: [{ name: 'act', kind: 'read', weight: 1, run: action }],
  }
  const made = new Load(scenario, null, run, {
    rate: 100,
    seconds: 0.5,
    inFlightMax: 1_000,
    actionMs: 10_000,
    signal: new AbortController().signal,
    ...options,
  })
  try {
    await made.run(originMs)
    await made.drain()
    return made
  } finally {
    await connections.close()
  }
}

test('no more actions are under way than are allowed, and those that wait count from when they were due', async () => {
  let [running, most] = [0, 0]
  const action = async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 100))
    running--
  }
  const { figures, heldBack, due } = await load(action, { inFlightMax: 2 })
  assert.equal(due, 50)
  assert.equal(most, 2)
  assert.ok(heldBack > 0)
  // Two at a time, a tenth of a second each: twenty in a second, of a hundred that were due.
  assert.ok(figures.started < 30, `${figures.started} were started`)
  assert.ok(figures.lag.percentile(99) / 1e6 > 200, 'the last ones were due long before')
})

test('arrivals keep their distance whatever the actions do', async () => {
  const starts: number[] = []
  const action = () => {
    starts.push(performance.now())
    return new Promise((resolve) => setTimeout(resolve, Math.random() * 200))
  }
  const { figures } = await load(action, { rate: 50, seconds: 1 })
  assert.equal(figures.started, 50)
  const [first = 0, last = 0] = [starts[0], starts.at(-1)]
  assert.ok(Math.abs(last - first - 980) < 200, `the last came ${last - first} ms after the first`)
})

test('a slow rate has its arrivals too', async () => {
  const { figures, due } = await load(() => {}, { rate: 0.5, seconds: 0.3 })
  assert.equal(due, 1)
  assert.equal(figures.started, 1)
})

test('a choice follows the weights', () => {
  const choose = chooserOf([1, 0, 3])
  assert.deepEqual([0, 0.24, 0.25, 0.9999].map(choose), [0, 0, 2, 2])
})

test('random numbers repeat with their seed, and neighbouring turns are unlike', () => {
  const numbers = (seed: number, index: number) => {
    const random = new Random(mixSeed(seed, index))
    return [random.next(), random.next(), random.next()]
  }
  assert.deepEqual(numbers(1, 2), numbers(1, 2))
  const firsts = Array.from({ length: 10_000 }, (_, index) => numbers(7, index)[0] ?? 0)
  assert.equal(new Set(firsts).size, 10_000)
  const tenths = Array.from(
    { length: 10 },
    (_, tenth) => firsts.filter((number) => Math.floor(number * 10) === tenth).length,
  )
  for (const count of tenths) assert.ok(count > 850 && count < 1_150, tenths.join())
})
