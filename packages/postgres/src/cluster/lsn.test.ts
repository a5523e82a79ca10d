import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatLsn, parseLsn } from './lsn.ts'

test('a position is read as PostgreSQL writes it', () => {
  assert.equal(parseLsn('16/B374D848'), 97_500_059_720n)
  assert.equal(parseLsn('0/0'), 0n)
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (lsn) => {
      assert.equal(parseLsn(formatLsn(lsn)), lsn)
    }),
  )
})

test('anything else is refused', () => {
  for (const text of ['', '16', '16/', 'G/0', '0/123456789', ' 0/1']) {
    assert.throws(() => parseLsn(text), TypeError)
  }
})
