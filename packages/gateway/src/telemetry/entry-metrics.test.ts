import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetricsText } from '@banyan/model'
import { EntryMetrics } from './entry-metrics.ts'

const seriesOf = (metrics: EntryMetrics): number => {
  const text = new MetricsText()
  metrics.addTo(text)
  return text.toString().match(/^http_client_request_duration_seconds_count/gm)?.length ?? 0
}

test('however many servers and answers there are, the sets of labels are bounded, and what is beyond is counted', () => {
  const metrics = new EntryMetrics()
  for (let at = 0; at < 2_100; at += 1) metrics.answered(`web-${at}`, 'web', 200, 5)
  metrics.answered('web-0', 'web', 200, 5)
  assert.equal(seriesOf(metrics), 2_000)
  assert.equal(metrics.dropped, 100)
})

test('a server that is gone makes room for others', () => {
  const metrics = new EntryMetrics()
  for (let at = 0; at < 2_000; at += 1) metrics.answered(`web-${at}`, 'web', 200, 5)
  metrics.keep(new Set(['web-7']))
  assert.equal(seriesOf(metrics), 1)
  for (let at = 0; at < 1_999; at += 1) metrics.answered(`api-${at}`, 'api', 'lost', 5)
  assert.deepEqual([seriesOf(metrics), metrics.dropped], [2_000, 0])
})
