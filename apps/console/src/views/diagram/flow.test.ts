import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byEdge, sumFlows } from './flow-sums.ts'
import type { Box } from './layout-types.ts'
import { neighbour } from './neighbour.ts'
import { dotsOf, failedDots, pace, speedOf, trackOf } from './particles.ts'

const edge = (from: string, perS: number, p99Ms: number | null) =>
  ({ from, to: 'db-1', kind: 'queries', perS, errorsPerS: 1, p50Ms: null, p99Ms }) as const

test('a sum adds rates and takes the worst percentile', () => {
  const flows = byEdge({ at: 0, nodes: {}, edges: [edge('web-1', 10, 5), edge('web-2', 20, 9)] })
  const keys = ['web-1>db-1>queries', 'web-2>db-1>queries', 'web-3>db-1>queries']
  assert.deepEqual(sumFlows(flows, keys), { perS: 30, errorsPerS: 2, p50Ms: null, p99Ms: 9 })
})

test('nothing is said of ways of which nothing is known', () => {
  assert.equal(sumFlows(byEdge(null), ['web-1>db-1>queries']), null)
})

test('dots are evenly apart along a bent line', () => {
  const { points, length } = trackOf([0, 0, 100, 0, 0, 100, 100, 100])
  const steps = Array.from({ length: 48 }, (_, i) =>
    Math.hypot(
      (points[2 * i + 2] ?? 0) - (points[2 * i] ?? 0),
      (points[2 * i + 3] ?? 0) - (points[2 * i + 1] ?? 0),
    ),
  )
  for (const step of steps) assert.ok(Math.abs(step - length / 48) < length / 480, `${step}`)
})

test('more moves faster and denser, within bounds, and nothing stands for nothing', () => {
  assert.equal(dotsOf(0), 0)
  assert.ok(dotsOf(10) < dotsOf(1_000) && dotsOf(1e9) === 14)
  assert.ok(speedOf(10) < speedOf(1_000) && speedOf(1e6) < 300)
  assert.equal(pace('replication', 81_920), 10)
})

test('a single failure among thousands is seen', () => {
  assert.equal(failedDots(14, 5_000, 0.1), 1)
  assert.equal(failedDots(14, 5_000, 0), 0)
  assert.equal(failedDots(10, 100, 50), 5)
})

const box = (name: string, x: number, y: number): Box => ({
  name,
  x,
  y,
  w: 10,
  h: 10,
  tier: 'web',
  density: 'card',
})

test('an arrow leads to the nearest node straight ahead, and nowhere at the edge', () => {
  const boxes = [box('a', 0, 0), box('b', 100, 5), box('c', 50, 90), box('d', 0, 60)]
  const from = boxes[0] as Box
  assert.equal(neighbour(boxes, from, 'right'), 'b')
  assert.equal(neighbour(boxes, from, 'down'), 'd')
  assert.equal(neighbour(boxes, from, 'left'), null)
})
