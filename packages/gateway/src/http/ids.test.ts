import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTraceparent, newTraceparent, requestId } from './ids.ts'

test('a harmless id is kept, any other is replaced by one that is unique', () => {
  assert.equal(requestId('abc/1+2='), 'abc/1+2=')
  for (const given of [null, '', 'a b', 'a"b', 'a\nb', 'x'.repeat(129), '\0']) {
    assert.notEqual(requestId(given), given)
    assert.notEqual(requestId(given), requestId(given))
  }
})

test('a traceparent is read as W3C Trace Context says', () => {
  const [trace, span] = ['a'.repeat(32), 'b'.repeat(16)]
  for (const good of [
    `00-${trace}-${span}-00`,
    `00-${trace}-${span}-ff`,
    `01-${trace}-${span}-01-more`,
  ]) {
    assert.ok(isTraceparent(good), good)
  }
  for (const bad of [
    `00-${trace}-${span}`,
    `00-${trace}-${span}-01-more`,
    `ff-${trace}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
  ]) {
    assert.ok(!isTraceparent(bad), bad)
  }
})

test('new traces are valid and all different, also past the pool of random bytes', () => {
  const made = new Set(Array.from({ length: 2_000 }, newTraceparent))
  assert.equal(made.size, 2_000)
  for (const one of made) assert.ok(isTraceparent(one))
})
