import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countExit, pauseBeforeStartMs } from './backoff.ts'

test('the first restart comes at once, later ones after 100 ms, doubling to 5 s', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9, 50].map(pauseBeforeStartMs)
  assert.deepEqual(pauses, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
})

test('exits without a ready moment add up', () => {
  assert.equal(countExit(0, null), 1)
  assert.equal(countExit(7, null), 8)
  assert.equal(countExit(7, 499), 8)
})

test('a node that was ready for a while is started again no later than before', () => {
  assert.equal(countExit(0, 500), 1)
  assert.equal(countExit(3, 9_999), 3)
})

test('after ten healthy seconds the next exit counts as the first', () => {
  assert.equal(countExit(9, 10_000), 1)
})
