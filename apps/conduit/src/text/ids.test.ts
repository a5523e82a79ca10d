import assert from 'node:assert/strict'
import { it } from 'node:test'
import { firstIdAt, newCommentId, newId } from './ids.ts'

it('ids of one process sort in the order in which they were made', () => {
  const ids = Array.from({ length: 10_000 }, newId)
  assert.deepEqual([...ids].sort(), ids)
  assert.equal(new Set(ids).size, ids.length)
})

it('ids of comments are exact numbers, ordered by time, until 2089', () => {
  const highest = () => 4095
  const last = newCommentId(Date.UTC(2089, 0, 1), highest)
  assert.ok(Number.isSafeInteger(last))
  assert.ok(
    newCommentId(Date.UTC(2026, 0, 1), highest) < newCommentId(Date.UTC(2026, 0, 1) + 1, () => 0),
  )
})

it('the first id of a moment sorts before every id that is made in it, and after those before', () => {
  const before = Date.now()
  const id = newId()
  const after = Date.now()
  assert.ok(firstIdAt(before) <= id)
  assert.ok(id < firstIdAt(after + 1))
  assert.match(firstIdAt(0), /^00000000-0000-7000-8000-0{12}$/)
})
