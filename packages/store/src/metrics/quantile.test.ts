import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quantile } from './quantile.ts'

const buckets = (counts: Record<string, number>) =>
  Object.entries(counts).map(([le, count]) => ({ le: Number(le), count }))

/* By the rule that Prometheus documents for `histogram_quantile`; a running one is compared in observed-numbers. */
for (const [q, counts, answer] of [
  [0.5, { 0: 6, 0.5: 11, 1: 14, Infinity: 19 }, 0.35],
  [0.5, { 0.1: 0, 0.2: 10, Infinity: 10 }, 0.15],
  [0.9, { 0.1: 10, 0.2: 10, Infinity: 20 }, 0.2],
  [0.5, { 0.1: 10, Infinity: 10 }, 0.05],
  [1, { 0.1: 5, 0.2: 10, 0.4: 10, Infinity: 10 }, 0.2],
  [0.5, { '-1': 10, 0: 10, Infinity: 10 }, -1],
] as const) {
  test(`the ${q} quantile of ${JSON.stringify(counts)} is ${answer}`, () => {
    assert.ok(Math.abs((quantile(q, buckets(counts)) ?? Number.NaN) - answer) < 1e-12)
  })
}

test('without observations, or without a bucket for the rest, there is none', () => {
  assert.equal(quantile(0.5, buckets({ 1: 0, Infinity: 0 })), null)
  assert.equal(quantile(0.5, buckets({ 1: 3, 2: 4 })), null)
  assert.equal(quantile(0.5, []), null)
})
