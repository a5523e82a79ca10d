import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chanceIn, chanceOf } from './chance.ts'
import type { Moment } from './moments.ts'

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

const moment = (old: readonly [number, number], next: readonly [number, number]): Moment => ({
  old: { sent: old[0], failed: old[1] },
  next: { sent: next[0], failed: next[1] },
})

test('the chance in one moment is that of the whole', () => {
  const found = chanceIn([moment([2_610, 6], [290, 14])])
  assert.ok(Math.abs(found / chanceOf(14, 290, 20, 2_900) - 1) < 1e-9, `${found}`)
})

test('the chance in several moments is that of counting every way of each', () => {
  const moments = [moment([20, 1], [10, 3]), moment([8, 2], [12, 2]), moment([30, 0], [5, 1])]
  let expected = 0
  for (let first = 0; first <= 4; first++) {
    for (let second = 0; second <= 4; second++) {
      for (let third = 0; third <= 1; third++) {
        if (first + second + third < 6) continue
        expected +=
          exactly(first, 10, 4, 30) * exactly(second, 12, 4, 20) * exactly(third, 5, 1, 35)
      }
    }
  }
  const found = chanceIn(moments)
  assert.ok(Math.abs(found / expected - 1) < 1e-9, `${found}, not ${expected}`)
})

const exactly = (marked: number, drawn: number, markedAll: number, all: number): number =>
  byCounting(marked, drawn, markedAll, all) - byCounting(marked + 1, drawn, markedAll, all)

test('a moment in which everybody failed changes nothing, nor does one that only one of them saw', () => {
  const telling = moment([100, 1], [50, 6])
  const chance = chanceIn([telling])
  assert.ok(chance < 0.01, `${chance}`)
  const idle = [moment([90, 90], [10, 10]), moment([0, 0], [30, 9]), moment([30, 9], [0, 0])]
  assert.ok(Math.abs(chanceIn([telling, ...idle]) / chance - 1) < 1e-9)
})

test('a hundred thousand failures take no time, and are judged as fewer are', () => {
  const many = Array.from({ length: 100 }, () => moment([9_000, 900], [1_000, 100]))
  assert.ok(chanceIn(many) > 0.1, `${chanceIn(many)}`)
  const more = Array.from({ length: 100 }, () => moment([9_000, 900], [1_000, 110]))
  assert.ok(chanceIn(more) < 1e-15, `${chanceIn(more)}`)
})

test('what nearly always fails, or nearly all that fail, is no wonder', () => {
  assert.ok(chanceIn([moment([10_000, 70], [90_000, 630])]) > 0.4)
  assert.ok(chanceIn([moment([10_000, 100], [90_000, 600])]) > 0.9)
  assert.ok(chanceOf(600, 90_000, 700, 100_000) > 0.9)
})
