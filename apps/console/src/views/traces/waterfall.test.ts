import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Span } from '@banyan/store/api'
import { ticksOf } from './scale.ts'
import { uncovered, waterfall } from './waterfall.ts'

const span = (name: string, parent: string | null, at: number, durationMs: number): Span => ({
  span: name,
  parent,
  node: 'web-1',
  name,
  kind: 'internal',
  at: 1000 + at,
  durationMs,
  error: null,
  attributes: {},
})

describe('a waterfall', () => {
  it('puts children below their parent, in the order in which they began', () => {
    const { rows } = waterfall([
      span('c', 'a', 6, 2),
      span('a', null, 0, 10),
      span('d', 'b', 2, 1),
      span('b', 'a', 1, 3),
    ])
    assert.deepEqual(
      rows.map(({ span, depth }) => [span.span, depth]),
      [
        ['a', 0],
        ['b', 1],
        ['d', 2],
        ['c', 1],
      ],
    )
  })

  it('places bars as parts of the whole, from its first moment to its last', () => {
    const { rows, startsAt, durationMs } = waterfall([
      span('a', null, 0, 10),
      span('b', 'a', 5, 15),
    ])
    assert.equal(startsAt, 1000)
    assert.equal(durationMs, 20)
    assert.deepEqual([rows[1]?.left, rows[1]?.width, rows[1]?.offsetMs], [0.25, 0.75, 5])
  })

  it('shows what no child covers, so that a gap is seen', () => {
    const { rows } = waterfall([span('a', null, 0, 10), span('b', 'a', 1, 3), span('c', 'a', 6, 4)])
    assert.deepEqual(rows[0]?.own, [
      { left: 0, width: 0.1 },
      { left: 0.4, width: 0.2 },
    ])
    assert.equal(rows[0]?.ownMs, 3)
  })

  it('keeps a span whose parent is missing, and says so', () => {
    const { rows } = waterfall([span('b', 'gone', 0, 1), span('c', 'b', 0, 1)])
    assert.deepEqual(
      rows.map(({ span, depth, orphan }) => [span.span, depth, orphan]),
      [
        ['b', 0, true],
        ['c', 1, false],
      ],
    )
  })

  it('ends with spans that are one another’s parent, and shows each once', () => {
    const { rows } = waterfall([span('a', 'b', 0, 1), span('b', 'a', 0, 1), span('s', 's', 0, 1)])
    assert.equal(rows.length, 3)
  })

  it('of nothing is empty, and of a moment has no endless bar', () => {
    assert.deepEqual(waterfall([]).rows, [])
    assert.equal(waterfall([]).durationMs, 0)
    assert.deepEqual(waterfall([span('a', null, 0, 0)]).rows[0]?.left, 0)
  })
})

describe('what others leave of a stretch', () => {
  it('is right where they overlap, touch, or stand out of it', () => {
    assert.deepEqual(uncovered([0, 10], []), [[0, 10]])
    assert.deepEqual(
      uncovered(
        [0, 10],
        [
          [-5, 2],
          [1, 4],
          [4, 5],
          [8, 20],
        ],
      ),
      [[5, 8]],
    )
    assert.deepEqual(uncovered([0, 10], [[0, 10]]), [])
  })
})

describe('the axis of a waterfall', () => {
  it('has round marks and no more than fit', () => {
    assert.deepEqual(ticksOf(100, 5), [0, 20, 40, 60, 80, 100])
    assert.deepEqual(ticksOf(7.3, 4), [0, 2, 4, 6])
    assert.deepEqual(ticksOf(0, 4), [0])
  })
})
