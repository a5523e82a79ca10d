import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetricsText } from './prometheus-text.ts'
import { requestBuckets } from './telemetry-names.ts'

test('a metric is written with what it means, its kind, and its labels', () => {
  const text = new MetricsText()
  text.add('process_cpu_time_seconds_total', 3, { cpu_mode: 'user' })
  assert.equal(
    text.toString(),
    '# HELP process_cpu_time_seconds_total CPU time, by mode: user or system.\n' +
      '# TYPE process_cpu_time_seconds_total counter\n' +
      'process_cpu_time_seconds_total{cpu_mode="user"} 3\n',
  )
})

test('lines of one metric stand together, whatever is added in between', () => {
  const text = new MetricsText()
  text.add('banyan_entry_requests_total', 1, { banyan_service: 'web' })
  text.add('banyan_entry_connections', 7)
  text.add('banyan_entry_requests_total', 2, { banyan_service: 'api' })
  const lines = text.toString().split('\n')
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('#')),
    [
      'banyan_entry_requests_total{banyan_service="web"} 1',
      'banyan_entry_requests_total{banyan_service="api"} 2',
      'banyan_entry_connections 7',
      '',
    ],
  )
  assert.equal(lines.filter((line) => line.startsWith('# TYPE')).length, 2)
})

test('labels are written in the order of the list, whatever order they came in', () => {
  const text = new MetricsText()
  text.add('banyan_entry_requests_total', 3, { banyan_answer: '2xx', banyan_service: 'web' })
  assert.match(text.toString(), /\{banyan_service="web",banyan_answer="2xx"\} 3\n$/)
})

test('a label cannot break out of its line', () => {
  const text = new MetricsText()
  text.add('banyan_entry_requests_total', 1, { banyan_service: 'a"b\\c\nd' })
  assert.match(text.toString(), /\{banyan_service="a\\"b\\\\c\\nd"\} 1\n$/)
})

test('the buckets of a histogram are cumulative, and the last one holds all', () => {
  const text = new MetricsText()
  const counts = [2, 1, ...requestBuckets.slice(2).map(() => 0), 4]
  const labels = { server_address: 'web-1', error_type: '' }
  text.addHistogram('http_client_request_duration_seconds', { counts, sum: 41.5 }, labels)
  const lines = text.toString().split('\n').slice(2)
  assert.equal(
    lines[0],
    'http_client_request_duration_seconds_bucket{server_address="web-1",le="0.005"} 2',
  )
  assert.equal(
    lines[1],
    'http_client_request_duration_seconds_bucket{server_address="web-1",le="0.01"} 3',
  )
  assert.deepEqual(lines.slice(-4), [
    'http_client_request_duration_seconds_bucket{server_address="web-1",le="+Inf"} 7',
    'http_client_request_duration_seconds_sum{server_address="web-1"} 41.5',
    'http_client_request_duration_seconds_count{server_address="web-1"} 7',
    '',
  ])
})
