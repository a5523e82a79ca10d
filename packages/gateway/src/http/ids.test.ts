import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTraceparent } from '@banyan/model'
import { newTraceparent, requestId } from './ids.ts'

test('a harmless id is kept, any other is replaced by one that is unique', () => {
  assert.equal(requestId('abc/1+2='), 'abc/1+2=')
  for (const given of [null, '', 'a b', 'a"b', 'a\nb', 'x'.repeat(129), '\0']) {
    assert.notEqual(requestId(given), given)
    assert.notEqual(requestId(given), requestId(given))
  }
})

test('new traces are valid and all different, also past the pool of random bytes', () => {
  const made = new Set(Array.from({ length: 2_000 }, newTraceparent))
  assert.equal(made.size, 2_000)
  for (const one of made) assert.ok(isTraceparent(one))
})
