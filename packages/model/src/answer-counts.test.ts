import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  countAnswer,
  countBeyond,
  emptyCounts,
  latencyBuckets,
  minus,
  quantile,
  sum,
} from './answer-counts.ts'

function countsOf(times: readonly number[], failed = 0) {
  const counts = emptyCounts()
  for (const [at, ms] of times.entries()) countAnswer(counts, ms, at < failed)
  return counts
}

test('every time from nothing to a day falls into one step that is at most 10% wide', () => {
  for (let ms = 0.25; ms < 60_000; ms *= 1.037) {
    const found = quantile(countsOf([ms]), 0.5)
    assert.ok(found >= ms * 0.999_999 && found <= ms * 1.100_001, `${ms} ms became ${found}`)
  }
  for (const ms of [0, 0.01, 0.249]) assert.equal(quantile(countsOf([ms]), 0.5), 0.25)
  for (const ms of [60_000, 86_400_000, Infinity]) {
    assert.equal(quantile(countsOf([ms]), 0.5), 60_000)
  }
  assert.equal(emptyCounts().latency.length, latencyBuckets)
})

test('a quantile is that of the times themselves, at most 10% too long', () => {
  const times = Array.from({ length: 1_000 }, (_, at) => 1 + at)
  for (const share of [0.01, 0.5, 0.9, 0.99, 1]) {
    const found = quantile(countsOf(times), share)
    const exact = Math.ceil(share * 1_000)
    assert.ok(found >= exact && found <= exact * 1.1001, `p${share * 100}: ${found}, not ${exact}`)
  }
  assert.equal(quantile(emptyCounts(), 0.99), 0)
})

test('only what took certainly longer is counted as beyond a time', () => {
  const counts = countsOf([1, 10, 100, 1_000, 90_000])
  assert.equal(countBeyond(counts, 0), 5)
  assert.equal(countBeyond(counts, 50), 3)
  assert.equal(countBeyond(counts, 150), 2)
  assert.equal(countBeyond(counts, 50_000), 1)
})

test('what several answered, less what they had before, is what they answered since', () => {
  const before = countsOf([1, 2, 3], 1)
  const later = countsOf([1, 2, 3, 40, 50], 1)
  assert.deepEqual(minus(later, before), countsOf([40, 50]))
  assert.deepEqual(sum([before, countsOf([40, 50])]), later)
  assert.deepEqual(sum([]), emptyCounts())
})
