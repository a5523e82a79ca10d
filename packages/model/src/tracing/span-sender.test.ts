import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { httpPost } from './http-post.ts'
import type { KeptTrace } from './span.ts'
import { clockOffset } from './span.ts'
import { SpanSender } from './span-sender.ts'

const trace = (id: number, size = 1): KeptTrace => ({
  size,
  spans: () =>
    Array.from({ length: size }, (_, at) => ({
      traceId: id.toString(16).padStart(32, '0'),
      spanId: (at + 1).toString(16).padStart(16, '0'),
      parentId: at === 0 ? null : '0000000000000001',
      name: 'GET',
      kind: 'server',
      startMs: 1_700_000_000_000.25,
      durationMs: 1.5,
      error: null,
      attributes: { 'http.response.status_code': 200 },
    })),
})

/** Time that goes on when a test says so, and a receiver that answers as a test says. */
function fakePorts() {
  const timers = new Set<{ at: number; run: () => void }>()
  const posts: { body: string; answer: (status: number) => void; cancelled: boolean }[] = []
  let now = 0
  const advance = (ms: number): void => {
    const until = now + ms
    for (;;) {
      const next = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      timers.delete(next)
      now = next.at
      next.run()
    }
    now = until
  }
  const after = (ms: number, run: () => void) => {
    const timer = { at: now + ms, run }
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const ports = {
    after,
    hold: after,
    post: (body: string, answer: (status: number) => void) => {
      const post = { body, answer, cancelled: false }
      posts.push(post)
      return () => {
        post.cancelled = true
      }
    },
  }
  return { ports, posts, advance, timers }
}

const spansIn = (body: string): Record<string, unknown>[] =>
  JSON.parse(body).resourceSpans[0].scopeSpans[0].spans

test('spans go out once a second, as OTLP has them', () => {
  const { ports, posts, advance } = fakePorts()
  const sender = new SpanSender({ 'service.name': 'web' }, ports)
  sender.add(trace(1, 2))
  advance(999)
  assert.equal(posts.length, 0)
  sender.add(trace(2))
  advance(1)
  assert.equal(posts.length, 1)
  const body = JSON.parse(posts[0]?.body ?? '')
  assert.deepEqual(body.resourceSpans[0].resource.attributes, [
    { key: 'service.name', value: { stringValue: 'web' } },
  ])
  const spans = spansIn(posts[0]?.body ?? '')
  assert.equal(spans.length, 3)
  assert.deepEqual(spans[1], {
    traceId: '00000000000000000000000000000001',
    spanId: '0000000000000002',
    parentSpanId: '0000000000000001',
    name: 'GET',
    kind: 2,
    startTimeUnixNano: '1700000000000250000',
    endTimeUnixNano: '1700000000001750000',
    attributes: [{ key: 'http.response.status_code', value: { intValue: '200' } }],
  })
})

test('200 spans do not wait for the second, and one batch is under way at a time', () => {
  const { ports, posts, advance } = fakePorts()
  const sender = new SpanSender({}, ports)
  for (let id = 1; id <= 500; id += 1) sender.add(trace(id))
  advance(100)
  assert.equal(posts.length, 1)
  assert.equal(spansIn(posts[0]?.body ?? '').length, 200)
  advance(60_000)
  assert.equal(posts.length, 1)
  posts[0]?.answer(200)
  advance(100)
  assert.equal(posts.length, 2)
  assert.equal(spansIn(posts[1]?.body ?? '')[0]?.traceId, (201).toString(16).padStart(32, '0'))
})

test('what nobody takes is sent again, later each time, and the oldest is given up and counted', () => {
  const { ports, posts, advance } = fakePorts()
  const sender = new SpanSender({}, ports)
  sender.add(trace(1))
  const pauses: number[] = []
  advance(1_000)
  for (let failures = 1; failures <= 6; failures += 1) {
    const before = posts.length
    posts.at(-1)?.answer(failures % 2 === 0 ? 0 : 503)
    let waited = 0
    for (; posts.length === before; waited += 100) advance(100)
    pauses.push(waited)
  }
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
  assert.equal(sender.dropped, 0)
  for (let id = 2; id <= 2_500; id += 1) sender.add(trace(id))
  assert.equal(sender.dropped, 499)
  posts.at(-1)?.answer(0)
  assert.equal(sender.dropped, 500)
  advance(10_000)
  assert.equal(
    spansIn(posts.at(-1)?.body ?? '')[0]?.traceId,
    (501).toString(16).padStart(32, '0'),
    'the oldest went, not the newest',
  )
})

test('what the receiver will never take is not sent again', () => {
  const { ports, posts, advance } = fakePorts()
  const sender = new SpanSender({}, ports)
  sender.add(trace(1, 3))
  advance(1_000)
  posts[0]?.answer(400)
  advance(60_000)
  assert.equal(posts.length, 1)
  assert.equal(sender.dropped, 3)
})

test('at the end everything that waits goes out at once, and then it is said to be done', () => {
  const { ports, posts, timers } = fakePorts()
  const sender = new SpanSender({}, ports)
  for (let id = 1; id <= 250; id += 1) sender.add(trace(id))
  let done = 0
  sender.flush(500, () => (done += 1))
  posts[0]?.answer(200)
  assert.equal(done, 0)
  posts[1]?.answer(200)
  assert.equal(done, 1)
  assert.equal(posts.flatMap(({ body }) => spansIn(body)).length, 250)
  sender.add(trace(300))
  assert.equal(sender.dropped, 1)
  assert.equal(timers.size, 0)
})

test('the end does not wait for a receiver that says nothing', () => {
  const { ports, posts, advance } = fakePorts()
  const sender = new SpanSender({}, ports)
  sender.add(trace(1))
  advance(1_000)
  sender.add(trace(2))
  let done = 0
  sender.flush(500, () => (done += 1))
  advance(499)
  assert.equal(done, 0)
  advance(1)
  assert.equal(done, 1)
  assert.ok(posts[0]?.cancelled)
  posts[0]?.answer(0)
  assert.deepEqual([done, sender.dropped, posts.length], [1, 2, 1])
})

const realAfter = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

/** The status that a post to a real server ends with, and after how long. */
async function posted(listener: RequestListener): Promise<{ status: number; ms: number }> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    return await postTo(`http://127.0.0.1:${port}/v1/traces`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

function postTo(url: string): Promise<{ status: number; ms: number }> {
  const began = performance.now()
  const post = httpPost(request, realAfter, { url, token: 'a-token', timeoutMs: 200 })
  return new Promise((resolve) => {
    post('{"a":1}', (status) => resolve({ status, ms: performance.now() - began }))
  })
}

test('a receiver gets the body with its token, and one that is dead, frozen or slow costs no more than the timeout', async () => {
  let got = ''
  const { status } = await posted(async (incoming, response) => {
    for await (const piece of incoming) got += piece
    got += ` ${incoming.method} ${incoming.url} ${incoming.headers.authorization} ${incoming.headers['content-type']}`
    response.end('{}')
  })
  assert.equal(status, 200)
  assert.equal(got, '{"a":1} POST /v1/traces Bearer a-token application/json')

  assert.equal((await posted((_, response) => void response.writeHead(503).end())).status, 503)
  assert.equal((await posted((incoming) => void incoming.socket.destroy())).status, 0)
  assert.equal((await postTo('http://127.0.0.1:1/v1/traces')).status, 0)
  assert.equal((await postTo('no address')).status, 0)

  const frozen = await posted(() => {})
  assert.equal(frozen.status, 0)
  assert.ok(frozen.ms >= 190 && frozen.ms < 2_000, `${frozen.ms} ms`)
  const slow = await posted((_, response) => void setTimeout(() => response.end(), 1_000).unref())
  assert.equal(slow.status, 0)
})

test('times follow the wall clock only when it was set', () => {
  assert.equal(clockOffset(1_000.125, 500, 1_500), 1_000.125)
  assert.equal(clockOffset(1_000.125, 500, 1_501.9), 1_000.125)
  assert.equal(clockOffset(1_000.125, 500, 61_500), 61_000)
})
