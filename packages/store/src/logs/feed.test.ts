import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import type { LogLine } from '../api/types.ts'
import { until } from '../testing/temporary.ts'
import { LogFeed } from './feed.ts'

const line = (id: number): LogLine => ({
  id: String(id),
  at: id,
  node: 'web-1',
  level: 'info',
  message: 'x'.repeat(10_000),
  trace: null,
  fields: {},
})

test('a reader that is slow misses lines and is told how many, and what waits for it is bounded', async (t) => {
  const feed = new LogFeed()
  const server = createServer((_, response) => feed.add(response, {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  t.after(() => feed.close())
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  await until('the answer', () => text.includes('text/event-stream'))
  socket.pause()
  const heapBefore = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed
  for (let id = 0; id < 20_000; id += 1) {
    feed.send([line(id)])
    if (id % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - heapBefore
  assert.ok(grown < 60_000_000, `${grown} bytes`)
  socket.resume()
  await until('a line after those that were missed', () => {
    feed.send([line(99_999)])
    return text.includes('id: 99999')
  })
  const told = [...text.matchAll(/event: missed\ndata: {"lines":(\d+)}/g)]
  const missed = told.reduce((sum, [, count]) => sum + Number(count), 0)
  const seen = new Set([...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id))
  assert.ok(missed > 5_000, `${missed} missed`)
  assert.ok(seen.size + missed >= 20_000, `${seen.size} seen, ${missed} missed`)
})
