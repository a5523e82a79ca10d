import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTraceparent, readTraceparent, traceparentOf } from './trace-context.ts'
import { traceShare } from './trace-share.ts'

const [trace, span] = ['a'.repeat(32), 'b'.repeat(16)]

test('a traceparent is read as W3C Trace Context says', () => {
  for (const good of [
    `00-${trace}-${span}-00`,
    `00-${trace}-${span}-ff`,
    `01-${trace}-${span}-01-more`,
    `cc-${trace}-${span}-01`,
  ]) {
    assert.ok(isTraceparent(good), good)
    assert.deepEqual(readTraceparent(good), { traceId: trace, spanId: span })
  }
  for (const bad of [
    '',
    `00-${trace}-${span}`,
    `00-${trace}-${span}-01-more`,
    `00-${trace}-${span}-01-`,
    `01-${trace}-${span}-01.more`,
    `ff-${trace}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${trace}-${span}-01, 00-${trace}-${span}-01`,
  ]) {
    assert.equal(readTraceparent(bad), null, bad)
  }
})

test('what is passed on is a traceparent, and says whether the trace is kept', () => {
  assert.equal(traceparentOf(trace, span, true), `00-${trace}-${span}-01`)
  assert.equal(traceparentOf(trace, span, false), `00-${trace}-${span}-00`)
})

const ids = Array.from({ length: 20_000 }, (_, at) => at.toString(16).padStart(32, '0'))

test('the share is kept of ids that were counted up, as of any others', () => {
  for (const share of [0.01, 0.25, 0.9]) {
    const kept = ids.filter(traceShare(share, 'a secret')).length
    assert.ok(Math.abs(kept - share * ids.length) < 0.1 * share * ids.length + 30, `${kept}`)
  }
  assert.equal(ids.filter(traceShare(0, 'a secret')).length, 0)
  assert.equal(ids.filter(traceShare(1, 'a secret')).length, ids.length)
})

test('who knows the secret decides alike, and who does not cannot tell which ids are kept', () => {
  const kept = new Set(ids.filter(traceShare(0.1, 'a secret')))
  assert.deepEqual(new Set(ids.filter(traceShare(0.1, 'a secret'))), kept)
  const others = ids.filter(traceShare(0.1, 'b secret'))
  const both = others.filter((id) => kept.has(id)).length
  assert.ok(both < 300, `${both} of ${others.length} are kept with another secret too`)
})
