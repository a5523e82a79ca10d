import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Marks, mergeMarks, readToken, writeToken } from './token.ts'

const marks: fc.Arbitrary<Marks> = fc
  .uniqueArray(
    fc.tuple(
      fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme-ascii' }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
    { minLength: 1, maxLength: 4, selector: ([shard]) => shard },
  )
  .map((list) => new Map(list.map(([shard, term, lsn]) => [shard, { term, lsn }])))

test('a token is read as it was written', () => {
  fc.assert(
    fc.property(marks, (written) => {
      const token = writeToken(written, 'secret')
      assert.deepEqual(readToken(token, 'secret'), written)
    }),
  )
})

test('a token fits into a cookie as it is', () => {
  fc.assert(
    fc.property(marks, (written) => {
      assert.match(writeToken(written, 'secret'), /^[!#-+\--:<-[\]-~]+$/)
    }),
  )
})

test('a token that was changed anywhere, or signed by somebody else, is none', () => {
  const token = writeToken(new Map([['shard-1', { term: 3, lsn: 255n }]]), 'secret')
  assert.match(token, /^shard-1:3:FF\.[\w-]{22}$/)
  assert.equal(readToken(token, 'another secret'), null)
  for (let at = 0; at < token.length; at += 1) {
    const changed = `${token.slice(0, at)}${token[at] === '1' ? '2' : '1'}${token.slice(at + 1)}`
    assert.equal(readToken(changed, 'secret'), null, changed)
  }
})

test('whatever else arrives under the name is none, and no error', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(readToken(text, 'secret'), null)
    }),
  )
})

test('of two tokens the later mark of each shard counts, a later term before a greater position', () => {
  const older = new Map([
    ['a', { term: 1, lsn: 900n }],
    ['b', { term: 1, lsn: 5n }],
  ])
  const newer = new Map([['a', { term: 2, lsn: 10n }]])
  const merged = new Map([
    ['a', { term: 2, lsn: 10n }],
    ['b', { term: 1, lsn: 5n }],
  ])
  assert.deepEqual(mergeMarks([older, newer]), merged)
  assert.deepEqual(mergeMarks([newer, older]), merged)
})
