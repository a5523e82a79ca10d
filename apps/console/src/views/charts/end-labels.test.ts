import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apart, roomFor } from './end-labels.ts'

const box = { gap: 12, top: 0, bottom: 100 }

test('names stand where their lines end, as long as there is room', () => {
  assert.deepEqual(apart([50, 10, 90], box), [50, 10, 90])
})

test('names that would hide one another are moved apart, and stay in their order and in the chart', () => {
  assert.deepEqual(apart([10, 11, 50], box), [10, 22, 50])
  const placed = apart([100, 99, 98, 100], box)
  assert.deepEqual(
    placed.toSorted((a, b) => a - b),
    [64, 76, 88, 100],
  )
  assert.equal(placed.indexOf(64), 2)
})

test('one line needs no room for a name', () => {
  const widthOf = (label: string) => label.length * 6
  assert.equal(roomFor(['requests'], widthOf), 20)
  assert.ok(roomFor(['p50', 'a name that is too long to be shown'], widthOf) < 110)
})
