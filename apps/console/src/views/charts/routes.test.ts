import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MetricAnswer } from '@banyan/store/api'
import { knownSpan, routeRows, sortRows } from './routes.ts'

const route = (path: string) => ({ http_request_method: 'GET', http_route: path })
const counts: MetricAnswer = {
  stepMs: 10_000,
  series: [
    { labels: { ...route('/a'), http_response_status_code: '200' }, values: [null, 10, 20, null] },
    { labels: { ...route('/a'), http_response_status_code: '503' }, values: [null, null, 2, null] },
    {
      labels: { ...route('/b'), http_response_status_code: '200' },
      values: [null, 100, null, null],
    },
  ],
}
const percentile = (value: number): MetricAnswer => ({
  stepMs: 20_000,
  series: [{ labels: route('/a'), values: [value] }],
})

describe('the table of routes', () => {
  it('is of the time that is known, which may be shorter than the window', () => {
    assert.deepEqual(knownSpan(counts, 1000), { from: 11_000, to: 31_000 })
    assert.equal(knownSpan({ stepMs: 1000, series: [] }, 0), null)
  })

  it('adds up what had other statuses, and counts those of 5xx', () => {
    const rows = routeRows(counts, [0.01, 0.02, 0.03].map(percentile), 20_000)
    assert.deepEqual(
      rows.map(({ route, count, perS, errors, p50, p99 }) => [
        route,
        count,
        perS,
        errors,
        p50,
        p99,
      ]),
      [
        ['/a', 32, 1.6, 2, 0.01, 0.03],
        ['/b', 100, 5, 0, null, null],
      ],
    )
  })

  it('is sorted by what was asked for, what is not known last', () => {
    const rows = routeRows(counts, [0.01, 0.02, 0.03].map(percentile), 20_000)
    const order = (column: Parameters<typeof sortRows>[1]) =>
      sortRows(rows, column).map(({ route }) => route)
    assert.deepEqual(order('count'), ['/b', '/a'])
    assert.deepEqual(order('p99'), ['/a', '/b'])
    assert.deepEqual(order('route'), ['/a', '/b'])
  })
})
