import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chanceOf } from './chance.ts'

/** By counting every way, in whole numbers. */
function byCounting(marked: number, drawn: number, markedAll: number, all: number): number {
  let ways = 0n
  for (let count = marked; count <= Math.min(drawn, markedAll); count++) {
    ways += choose(markedAll, count) * choose(all - markedAll, drawn - count)
  }
  return Number((ways * 10n ** 18n) / choose(all, drawn)) / 1e18
}

function choose(from: number, count: number): bigint {
  if (count < 0 || count > from) return 0n
  let ways = 1n
  for (let at = 1; at <= count; at++) ways = (ways * BigInt(from - count + at)) / BigInt(at)
  return ways
}

test('the chance is that of counting every way', () => {
  for (const [marked, drawn, markedAll, all] of [
    [0, 10, 3, 100],
    [1, 10, 3, 100],
    [3, 10, 3, 100],
    [14, 290, 20, 2_900],
    [5, 300, 9, 600],
    [30, 300, 58, 3_000],
    [2, 3, 4, 4],
  ] as const) {
    const expected = byCounting(marked, drawn, markedAll, all)
    const found = chanceOf(marked, drawn, markedAll, all)
    assert.ok(Math.abs(found - expected) <= 1e-9 * expected + 1e-17, `${found}, not ${expected}`)
  }
})

test('what cannot be has no chance, and large counts are no trouble', () => {
  assert.equal(chanceOf(4, 10, 3, 100), 0)
  const chance = chanceOf(5_100, 1_000_000, 10_000, 2_000_000)
  assert.ok(chance > 0.02 && chance < 0.025, `${chance}`)
})
