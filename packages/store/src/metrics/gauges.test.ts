import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addGauges, type GaugeFunction, gaugeValues, noGauges } from './gauges.ts'

const grid = { from: 0, stepMs: 2_000, steps: 4 }
const times = [0, 1_000, 2_000, 3_000]

function over(fn: GaugeFunction, ...series: number[][]) {
  const into = noGauges(grid)
  for (const values of series) addGauges(into, grid, { times, values, holdMs: () => 3_000 }, fn)
  return gaugeValues(into)
}

test('sum takes what each series said last, max and min every sample', () => {
  const series = [
    [1, 9, 2, 3],
    [10, 20, 30, 40],
  ]
  assert.deepEqual(over('sum', ...series), [29, 43, 43, null])
  assert.deepEqual(over('max', ...series), [20, 40, 40, null])
  assert.deepEqual(over('min', ...series), [1, 2, 3, null])
})

test('a value holds for a moment, and then nothing is known', () => {
  assert.deepEqual(over('max', [5, Number.NaN, Number.NaN, Number.NaN]), [5, 5, null, null])
})
