import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from './outcome.ts'
import { RequestTrace } from './request-trace.ts'

const traced = { method: 'GET', service: 'web', parent: null }
const never = () => false

const kept = (outcome: Outcome, prepare: (trace: RequestTrace) => void = () => {}): boolean => {
  const trace = new RequestTrace(traced, never)
  trace.attempt('web-1')
  prepare(trace)
  return trace.end(outcome, 60_000)
}

test('outside of the share what went well is not kept, and what did not is', () => {
  for (const outcome of [200, 301, 404, 499] as const) assert.equal(kept(outcome), false)
  for (const outcome of [500, 503, 'aborted', 'left'] as const) assert.equal(kept(outcome), true)
  const twice = (trace: RequestTrace) => void trace.attempt('web-2')
  assert.equal(kept(200, twice), true, 'another server had to make it good')
})

test('a stream of events is not kept for its length, nor because its client left', () => {
  const stream = (trace: RequestTrace): void => {
    trace.isStream = true
  }
  assert.equal(kept('left', stream), false)
  assert.equal(kept('aborted', stream), true)
})

test('an attempt that nobody waited for to its end has a span all the same', () => {
  const trace = new RequestTrace(traced, () => true)
  trace.attempt('web-1')
  trace.attempted('lost')
  trace.attempted(200)
  trace.attempt('web-2')
  trace.end(413, 60_000)
  const [own, lost, open, ...more] = trace.spans()
  assert.deepEqual(more, [])
  assert.equal(trace.size, 3)
  assert.deepEqual([own?.error, lost?.error, open?.error], [null, 'lost', 'cancelled'])
  assert.ok((open?.durationMs ?? -1) >= 0)
})
