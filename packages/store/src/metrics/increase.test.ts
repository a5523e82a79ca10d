import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addGains, type Grid, noGains } from './increase.ts'

const grid: Grid = { from: 0, stepMs: 1_000, steps: 5 }

function gains(times: number[], values: number[], bornAtZero = false) {
  const into = noGains(grid)
  addGains(into, grid, { times, values, gapMs: () => 3_000, bornAtZero })
  return { gained: [...into.gained], known: [...into.known] }
}

test('what a counter gains is spread over the steps between its samples', () => {
  const { gained, known } = gains([500, 1_500, 2_500], [100, 110, 130])
  assert.deepEqual(gained, [5, 15, 10, 0, 0])
  assert.deepEqual(known, [500, 1_000, 500, 0, 0])
})

test('a smaller value is a reset, and never a negative rate', () => {
  const { gained } = gains([0, 1_000, 2_000], [100, 4, 6])
  assert.deepEqual(gained, [4, 2, 0, 0, 0])
})

test('nothing is known of a gap that is too long', () => {
  const { gained, known } = gains([0, 4_000, 5_000], [0, 40, 50])
  assert.deepEqual(gained, [0, 0, 0, 0, 10])
  assert.deepEqual(known, [0, 0, 0, 0, 1_000])
})

test('a series that turns up began at nothing where its process counts it itself', () => {
  assert.deepEqual(gains([0, 1_000], [Number.NaN, 3], true).gained[0], 3)
  const { gained, known } = gains([0, 1_000], [Number.NaN, 3])
  assert.deepEqual([gained[0], known[0]], [0, 0])
})

test('one that was away for a moment goes on where it was', () => {
  const { gained } = gains([0, 1_000, 2_000], [1_000_000, Number.NaN, 1_000_004], true)
  assert.deepEqual(gained, [0, 4, 0, 0, 0])
})
