import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { alertsIn, askAlerts } from './alerts.ts'

const told = (alertname: string, startsAt: string, severity = 'ticket') => ({
  labels: { alertname, severity },
  annotations: { summary: `${alertname} it is.` },
  startsAt,
})

test('alerts are told the oldest first, with their sentence', () => {
  const found = alertsIn([
    told('B', '2026-01-02T00:00:00Z', 'page'),
    told('A', '2026-01-01T00:00:00Z'),
  ])
  assert.deepEqual(found, [
    { name: 'A', severity: 'ticket', since: '2026-01-01T00:00:00Z', sentence: 'A it is.' },
    { name: 'B', severity: 'page', since: '2026-01-02T00:00:00Z', sentence: 'B it is.' },
  ])
  assert.equal(alertsIn([{}])[0]?.sentence, 'Something holds.')
})

test('an Alertmanager that is away, or answers with something else, tells nothing', async () => {
  const answers = ['[]', '{"status":"error"}', 'half of a [']
  const server = createServer((_request, response) => response.end(answers.shift()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const place = { host: '127.0.0.1', port }
  assert.deepEqual(await askAlerts(place), [])
  assert.equal(await askAlerts(place), null)
  assert.equal(await askAlerts(place), null)
  server.close()
  await once(server, 'close')
  assert.equal(await askAlerts(place), null)
})
