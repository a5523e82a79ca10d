import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hasReached, laterMark } from './position.ts'

const marks = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.bigInt({ min: 0n, max: 8n }))
  .map(([term, lsn]) => ({ term, lsn }))

test('within a term the position decides', () => {
  assert.equal(hasReached({ term: 2, lsn: 10n }, { term: 2, lsn: 10n }, true), true)
  assert.equal(hasReached({ term: 2, lsn: 9n }, { term: 2, lsn: 10n }, true), false)
})

test('a server of an earlier term has nothing of a later one, however far it is', () => {
  assert.equal(hasReached({ term: 1, lsn: 1_000n }, { term: 2, lsn: 10n }, true), false)
  assert.equal(hasReached({ term: 1, lsn: 1_000n }, { term: 2, lsn: 10n }, false), false)
})

test('who has replayed the row of a later term has all that was kept of the earlier one', () => {
  // The mark was beyond the switch: what lay between them nobody has any more.
  assert.equal(hasReached({ term: 3, lsn: 5n }, { term: 1, lsn: 900n }, true), true)
})

test('a later timeline proves nothing about what was replayed before it', () => {
  assert.equal(hasReached({ term: 3, lsn: 5n }, { term: 1, lsn: 900n }, false), false)
  assert.equal(hasReached({ term: 3, lsn: 900n }, { term: 1, lsn: 900n }, false), true)
})

test('the later of two marks is the later one whichever comes first', () => {
  fc.assert(
    fc.property(marks, marks, marks, (a, b, c) => {
      assert.deepEqual(laterMark(a, b), laterMark(b, a))
      assert.deepEqual(laterMark(laterMark(a, b), c), laterMark(a, laterMark(b, c)))
      assert.deepEqual(laterMark(a, a), a)
    }),
  )
})

test('whoever has reached the later of two marks has reached both', () => {
  fc.assert(
    fc.property(marks, marks, marks, (seen, a, b) => {
      if (!hasReached(seen, laterMark(a, b), true)) return
      assert.ok(hasReached(seen, a, true) && hasReached(seen, b, true))
    }),
  )
})
