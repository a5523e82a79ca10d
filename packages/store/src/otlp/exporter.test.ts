import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { until } from '../testing/temporary.ts'
import { Exporter } from './exporter.ts'

test('a receiver that is away gets everything once it is back, and what it refuses is counted', async (t) => {
  const taken: string[] = []
  let status = 503
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      if (status === 200) taken.push(`${request.url} ${request.headers['x-key']} ${text}`)
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  t.after(() => server.closeAllConnections())
  server.unref()
  const dropped: [string, number][] = []
  const exporter = new Exporter({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    headers: { 'x-key': 'k' },
    onDropped: (signal, count) => dropped.push([signal, count]),
    backoffMs: { first: 10, most: 20 },
  })
  t.after(() => exporter.stop())
  exporter.offer('traces', [{ a: 1 }], 1)
  exporter.offer('traces', [{ b: 2 }], 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(taken, [])
  status = 200
  await until('both requests', () => taken.length === 2)
  assert.deepEqual(taken, [
    '/v1/traces k {"resourceSpans":[{"a":1}]}',
    '/v1/traces k {"resourceSpans":[{"b":2}]}',
  ])
  status = 400
  exporter.offer('logs', [{}], 7)
  await until('the refusal', () => dropped.length === 1)
  assert.deepEqual(dropped, [['logs', 7]])
})

test('what waits is bounded, the oldest out first, and nobody waits for it', (t) => {
  const dropped: number[] = []
  const exporter = new Exporter({
    url: 'http://127.0.0.1:9',
    headers: {},
    onDropped: (_, count) => dropped.push(count),
  })
  t.after(() => exporter.stop())
  // All of it without a turn of the event loop: offering cannot wait.
  for (let at = 0; at < 20; at += 1) exporter.offer('logs', ['x'.repeat(1_000_000)], at)
  assert.deepEqual(
    dropped,
    Array.from({ length: 12 }, (_, at) => at),
  )
  exporter.stop()
})
