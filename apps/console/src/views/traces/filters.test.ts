import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  noTraceFilters,
  printTraceFilters,
  readTraceFilters,
  type TraceFilters,
  traceQueryOf,
} from './filters.ts'

const all: TraceFilters = {
  route: '/api/articles/:slug',
  node: 'web-1',
  errors: true,
  minMs: 12.5,
  order: 'slowest',
  time: { kind: 'between', from: 1000, to: 2000 },
}

describe('filters of traces', () => {
  it('come back from an address as they were', () => {
    for (const filters of [
      all,
      noTraceFilters,
      { ...all, time: { kind: 'last', name: '1h' } },
    ] as const)
      assert.deepEqual(readTraceFilters(new URLSearchParams(printTraceFilters(filters))), filters)
  })

  it('are left out where they make no sense', () => {
    const params = new URLSearchParams('min=-1&order=odd&from=2&to=1&range=9y&errors=perhaps')
    assert.deepEqual(readTraceFilters(params), noTraceFilters)
  })

  it('ask the store for what they say, and for nothing else', () => {
    assert.deepEqual(traceQueryOf(noTraceFilters, 0), { order: 'newest', limit: 100 })
    assert.deepEqual(traceQueryOf(all, 0), {
      route: '/api/articles/:slug',
      node: 'web-1',
      errors: true,
      minMs: 12.5,
      order: 'slowest',
      limit: 100,
      from: 1000,
      to: 2000,
    })
  })
})
