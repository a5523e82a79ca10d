import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asJson, asTsv } from './copied.ts'
import { remembered } from './history.ts'
import { placeOf } from './sql-error.ts'

describe('an answer that is copied', () => {
  const answer = {
    columns: ['id', 'body', 'id'],
    rows: [
      ['1', null, '2'],
      ['2', '', 'a\tb\nc\\'],
    ],
  }

  it('tells NULL from an empty text, and has a line for each row', () => {
    assert.equal(asTsv(answer), 'id\tbody\tid\n1\t\\N\t2\n2\t\ta\\tb\\nc\\\\\n')
    assert.deepEqual(JSON.parse(asJson(answer)), [
      { id: '1', body: null, 'id 3': '2' },
      { id: '2', body: '', 'id 3': 'a\tb\nc\\' },
    ])
  })

  it('of no rows is its names', () => {
    assert.equal(asTsv({ columns: ['a'], rows: [] }), 'a\n')
    assert.equal(asJson({ columns: ['a'], rows: [] }), '[]\n')
  })
})

describe('the place of an error', () => {
  it('is a line, a column and a word', () => {
    assert.deepEqual(placeOf('select 1\nform users', 10), {
      line: 2,
      column: 1,
      before: '',
      at: 'form',
      after: ' users',
    })
  })

  it('counts characters, as PostgreSQL does', () => {
    assert.equal(placeOf("select '🌳', x", 13)?.at, 'x')
  })

  it('may be the end, and is nowhere for a position outside', () => {
    assert.equal(placeOf('select', 7)?.at, '')
    assert.equal(placeOf('select', 8), null)
    assert.equal(placeOf('select', 0), null)
    assert.equal(placeOf('select', Number.NaN), null)
  })
})

describe('statements that were run', () => {
  it('are there once each, the last one first, and not for ever', () => {
    assert.deepEqual(remembered(['a', 'b'], 'b'), ['b', 'a'])
    const many = Array.from({ length: 100 }, (_, i) => `${i}`)
    assert.equal(many.reduce<readonly string[]>(remembered, []).length, 30)
  })
})
