import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Span } from '@banyan/store/api'
import { foldable, foldedAfter, shownRows } from './fold.ts'
import { waterfall } from './waterfall.ts'

const span = (name: string, parent: string | null, at: number, error?: string): Span => ({
  span: name,
  parent,
  node: 'web-1',
  name,
  kind: 'internal',
  at,
  durationMs: 10,
  error: error ?? null,
  attributes: {},
})

/* a holds b (with c and d, which failed) and e (with f). */
const { rows } = waterfall([
  span('a', null, 0),
  span('b', 'a', 1),
  span('c', 'b', 2),
  span('d', 'b', 3, 'it broke'),
  span('e', 'a', 4),
  span('f', 'e', 5),
])
const names = (folded: readonly string[]) =>
  shownRows(rows, new Set(folded)).map(({ row }) => row.span.span)

describe('a waterfall that is folded', () => {
  it('hides what is below a row, however deep, and nothing else', () => {
    assert.deepEqual(names([]), ['a', 'b', 'c', 'd', 'e', 'f'])
    assert.deepEqual(names(['b']), ['a', 'b', 'e', 'f'])
    assert.deepEqual(names(['b', 'e']), ['a', 'b', 'e'])
    assert.deepEqual(names(['a', 'b']), ['a'])
  })

  it('opens again as it was, with what is folded further down', () => {
    const folded = foldedAfter(new Set(['a', 'b']), 'a', false)
    assert.deepEqual(names([...folded]), ['a', 'b', 'e', 'f'])
  })

  it('says how many are hidden, and that one of them failed', () => {
    const [, b, e] = shownRows(rows, new Set(['b']))
    assert.deepEqual([b?.below, b?.isFolded, b?.errorsFolded], [2, true, 1])
    assert.deepEqual([e?.below, e?.isFolded, e?.errorsFolded], [1, false, 0])
  })

  it('cannot fold a row that has nothing below it', () => {
    assert.deepEqual(names(['c', 'f']), ['a', 'b', 'c', 'd', 'e', 'f'])
    assert.deepEqual(foldable(rows), ['b', 'e'])
  })
})
