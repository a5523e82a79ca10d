import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { TraceQuery } from '../api/types.ts'
import { keptFile, temporaryFolder } from '../testing/temporary.ts'
import { readTrace, searchTraces, spansMax, TraceFile, type TraceSpan } from './trace-file.ts'

const begin = 1_795_300_000_000
const traceFile = (t: TestContext) => new TraceFile(keptFile(t, temporaryFolder(t), 'traces'))

function span(
  trace: string,
  id: string,
  parent: string | null,
  more: Partial<TraceSpan> = {},
): TraceSpan {
  const times = { at: begin, durationMs: 10 }
  const said = { node: 'web-1', name: 'GET', kind: 'server' as const, error: null, attributes: {} }
  return { trace, span: id, parent, ...times, ...said, ...more }
}

const web = (trace: string, more: Partial<TraceSpan> = {}) =>
  span(trace, 'w', 'e', {
    at: begin + 1,
    durationMs: 5,
    attributes: {
      'http.route': '/a/:b',
      'http.request.method': 'GET',
      'http.response.status_code': 200,
    },
    ...more,
  })

test('spans of one trace are put together, in whatever order and however often they come', (t) => {
  const traces = traceFile(t)
  const query = span('t1', 'q', 'w', {
    node: 'web-1',
    kind: 'client',
    at: begin + 2,
    name: 'SELECT',
  })
  const entry = span('t1', 'e', null, { node: 'gateway-1', durationMs: 20 })
  for (const spans of [[query], [web('t1')], [entry], [web('t1'), query]]) traces.write(spans)
  const [found] = searchTraces(traces.file, {})
  assert.deepEqual(found, {
    trace: 't1',
    at: begin,
    durationMs: 20,
    name: 'GET /a/:b',
    route: '/a/:b',
    status: 200,
    error: false,
    nodes: ['gateway-1', 'web-1'],
    spans: 3,
  })
  const trace = readTrace(traces.file, 't1')
  assert.deepEqual(
    trace?.spans.map(({ span: id }) => id),
    ['e', 'w', 'q'],
  )
  assert.equal(readTrace(traces.file, 't2'), null)
})

test('traces are found by what they are', (t) => {
  const traces = traceFile(t)
  traces.write([web('fast'), web('slow', { durationMs: 900, at: begin + 10 })])
  traces.write([web('bad', { error: '40P01', node: 'web-2', at: begin + 20 })])
  const found = (query: TraceQuery) => searchTraces(traces.file, query).map(({ trace }) => trace)
  assert.deepEqual(found({}), ['bad', 'slow', 'fast'])
  assert.deepEqual(found({ order: 'slowest', limit: 1 }), ['slow'])
  assert.deepEqual(found({ errors: true }), ['bad'])
  assert.deepEqual(found({ node: 'web-2' }), ['bad'])
  assert.deepEqual(found({ minMs: 100, maxMs: 1_000, route: '/a/:b' }), ['slow'])
  assert.deepEqual(found({ from: begin + 5, to: begin + 15 }), ['slow'])
  assert.deepEqual(found({ route: '/b' }), [])
})

test('a trace that never ends is bounded, and old traces go', (t) => {
  const traces = traceFile(t)
  const many = Array.from({ length: spansMax + 5 }, (_, at) => span('t1', `s${at}`, null))
  assert.equal(traces.write(many), 5)
  traces.write([web('t2', { at: begin + 60_000 })])
  assert.equal(traces.spans, spansMax + 1)
  while (traces.forget({ before: begin + 1_000, bytes: 1e9 }));
  assert.equal(traces.spans, 1)
  assert.deepEqual(
    searchTraces(traces.file, {}).map(({ trace }) => trace),
    ['t2'],
  )
})
