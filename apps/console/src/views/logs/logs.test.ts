import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogLine } from '@banyan/store/api'
import {
  type Filters,
  noFilters,
  printFilters,
  queryOf,
  readFilters,
  sayFilters,
} from './filters.ts'
import { piecesOf, termsOf } from './search-text.ts'
import { mostShown, nothingShown, withNewer, withOlder } from './shown.ts'

const all: Filters = {
  text: 'timeout "a phrase" -not',
  nodes: ['web-1', 'db-1'],
  level: 'error',
  trace: 'abc',
  time: { kind: 'between', from: 1000, to: 2000 },
}

describe('filters in an address', () => {
  it('come back as they were', () => {
    assert.deepEqual(readFilters(new URLSearchParams(printFilters(all))), all)
    assert.deepEqual(readFilters(new URLSearchParams(printFilters(noFilters))), noFilters)
    const last: Filters = { ...noFilters, time: { kind: 'last', name: '15m' } }
    assert.deepEqual(readFilters(new URLSearchParams(printFilters(last))), last)
  })

  it('are left out where they make no sense', () => {
    const params = new URLSearchParams('level=loud&from=9&to=1&range=2y&node=&trace=')
    assert.deepEqual(readFilters(params), noFilters)
  })

  it('of nothing leave the address empty', () => {
    assert.deepEqual(printFilters(noFilters), {})
  })
})

describe('what the store is asked', () => {
  it('names only what is looked for', () => {
    assert.deepEqual(queryOf(noFilters, 5000), {})
    assert.deepEqual(queryOf(all, 5000), {
      text: all.text,
      nodes: all.nodes,
      level: 'error',
      trace: 'abc',
      from: 1000,
      to: 2000,
    })
  })

  it('counts a range from now', () => {
    const filters: Filters = { ...noFilters, time: { kind: 'last', name: '5m' } }
    assert.deepEqual(queryOf(filters, 1_000_000), { from: 700_000 })
  })

  it('is said in words', () => {
    assert.equal(
      sayFilters(all, (at) => `${at}`),
      '“timeout "a phrase" -not” on web-1 or db-1 at level error or above of trace abc from 1000 to 2000',
    )
    assert.equal(sayFilters(noFilters, String), 'any line')
  })
})

describe('a search', () => {
  it('is words, phrases, beginnings, and what must not be there', () => {
    assert.deepEqual(termsOf('a "b c" -d -"e f" g* "open'), [
      { kind: 'word', text: 'a', not: false },
      { kind: 'phrase', text: 'b c', not: false },
      { kind: 'word', text: 'd', not: true },
      { kind: 'phrase', text: 'e f', not: true },
      { kind: 'begin', text: 'g', not: false },
      { kind: 'phrase', text: 'open', not: false },
    ])
    assert.deepEqual(termsOf('  - "" '), [])
  })

  it('marks what it found, and nothing that it excluded', () => {
    const hits = (message: string, search: string) =>
      piecesOf(message, search)
        .filter(({ hit }) => hit)
        .map(({ text }) => text)
    assert.deepEqual(hits('Request timeout of user-1', 'TIMEOUT user*'), ['timeout', 'user'])
    assert.deepEqual(hits('timeouts', 'timeout'), [])
    assert.deepEqual(hits('a b', '-b'), [])
    assert.deepEqual(hits('f(x) [1]', 'f(x) [1]'), ['f(x)', '[1]'])
  })

  it('leaves the message whole', () => {
    const message = 'über “x” .* reset by peer'
    assert.equal(
      piecesOf(message, 'über "reset by" .*')
        .map(({ text }) => text)
        .join(''),
      message,
    )
  })
})

const line = (id: number): LogLine => ({
  id: `${id}`,
  at: id,
  node: 'web-1',
  level: 'info',
  message: '',
  trace: null,
  fields: {},
})
const ids = (shown: { lines: readonly LogLine[] }) => shown.lines.map(({ id }) => Number(id))

describe('the lines on a page', () => {
  it('are newest first, and none is there twice', () => {
    const first = withNewer(nothingShown, [line(1), line(3)])
    assert.deepEqual(ids(withNewer(first, [line(3), line(2), line(4)])), [4, 3, 2, 1])
  })

  it('are bounded, whatever comes', () => {
    const many = Array.from({ length: 2500 }, (_, i) => line(i))
    const shown = withNewer(nothingShown, many)
    assert.equal(shown.lines.length, mostShown)
    assert.equal(ids(shown)[0], 2499)
    assert.deepEqual(shown.next, { kind: 'until', at: 1500 })
  })

  it('make room for older ones at the top, and say so', () => {
    const page = (from: number) => ({
      lines: Array.from({ length: 600 }, (_, i) => line(from - i)),
      before: 'x',
    })
    const shown = withOlder(withOlder(nothingShown, page(2000)), page(1400))
    assert.equal(shown.lines.length, mostShown)
    assert.deepEqual([ids(shown)[0], ids(shown).at(-1)], [1800, 801])
    assert.equal(shown.newerLeftOut, true)
  })
})
