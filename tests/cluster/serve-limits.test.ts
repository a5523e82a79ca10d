import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { RawConnection, type ServeProcess, startServe, until } from './serve-process.ts'

const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`
const codeOf = (body: string): string => JSON.parse(body).error.code
const post = (header: string): string => `POST / HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`

async function stillServes(running: ServeProcess): Promise<void> {
  assert.equal((await fetch(`${running.url}/`)).status, 200)
}

test('a body announced as too large is refused before it is sent', async () => {
  await using running = await startServe({ app: 'listener' })
  const connection = await RawConnection.open(running.port)
  connection.send(post('Content-Length: 1048577'))
  const answer = await connection.answer()
  assert.equal(answer.status, 413)
  assert.equal(codeOf(answer.body), 'BANYAN_BODY_TOO_LARGE')
  assert.equal(answer.headers.connection, 'close')
  await stillServes(running)
})

test('a client that asks first is not told to go on with a body that is too large', async () => {
  await using running = await startServe({ app: 'listener' })
  const connection = await RawConnection.open(running.port)
  connection.send(post('Content-Length: 1048577\r\nExpect: 100-continue'))
  assert.equal((await connection.answer()).status, 413)
  const small = await RawConnection.open(running.port)
  small.send(post('Content-Length: 3\r\nExpect: 100-continue'))
  assert.equal((await small.answer()).status, 100)
  small.send('abc')
  assert.equal(JSON.parse((await small.answer()).body).bytes, 3)
  small.destroy()
})

test('a client that sends a too large body all the same gets to read why', async () => {
  await using running = await startServe({ app: 'listener' })
  const connection = await RawConnection.open(running.port)
  const bytes = 20_000_000
  connection.send(post(`Content-Length: ${bytes}`) + 'x'.repeat(bytes))
  assert.equal((await connection.answer()).status, 413)
  // A reset of the connection would come in right behind the answer.
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.equal(connection.failure, null)
})

test('an app that answers a cut body from a listener of its own neither crashes nor is heard', async () => {
  await using running = await startServe({
    app: 'listener',
    serve: { limits: { bodyBytesMax: 100 } },
  })
  const connection = await RawConnection.open(running.port)
  connection.send('POST /listeners HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  connection.send(chunk(101))
  assert.equal((await connection.answer()).status, 413)
  await connection.untilClosed()
  assert.equal(connection.received, '')
  await stillServes(running)
})

for (const app of ['listener', 'fastify', 'express', 'hono', 'fetch-function']) {
  test(`a body of unknown length is cut when it grows too large for the kind ${app}`, async () => {
    await using running = await startServe({ app, serve: { limits: { bodyBytesMax: 100_000 } } })
    const connection = await RawConnection.open(running.port)
    const json = 'Content-Type: application/json\r\nTransfer-Encoding: chunked'
    connection.send(`POST /context HTTP/1.1\r\nHost: x\r\n${json}\r\n\r\n`)
    for (let sent = 0; sent < 10; sent += 1) connection.send(chunk(20_000))
    const answer = await connection.answer()
    assert.equal(answer.status, 413)
    assert.equal(codeOf(answer.body), 'BANYAN_BODY_TOO_LARGE')
    assert.equal(connection.failure, null)
    if (app === 'listener') {
      await until(() => running.logs().some((line) => line.error === 'BANYAN_BODY_TOO_LARGE'))
    }
    await stillServes(running)
  })
}

test('a body of unknown length up to the limit arrives whole', async () => {
  await using running = await startServe({
    app: 'listener',
    serve: { limits: { bodyBytesMax: 100_000 } },
  })
  const connection = await RawConnection.open(running.port)
  connection.send(post('Transfer-Encoding: chunked'))
  for (let sent = 0; sent < 5; sent += 1) connection.send(chunk(20_000))
  connection.send('0\r\n\r\n')
  const body = JSON.parse((await connection.answer()).body)
  assert.equal(body.bytes, 100_000)
  assert.equal(body.sha256, createHash('sha256').update('x'.repeat(100_000)).digest('hex'))
  connection.destroy()
})

test("Fastify's own body limit is taken over", async () => {
  await using running = await startServe({ app: 'fastify' })
  const response = await fetch(`${running.url}/context`, {
    method: 'POST',
    body: 'x'.repeat(1_048_577),
  })
  assert.equal(response.status, 413)
  assert.equal(codeOf(await response.text()), 'BANYAN_BODY_TOO_LARGE')
})

test('headers that are too large are answered with 431', async () => {
  await using running = await startServe({ app: 'listener' })
  const connection = await RawConnection.open(running.port)
  connection.send(`GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(17_000)}\r\n\r\n`)
  const answer = await connection.answer()
  assert.equal(answer.status, 431)
  assert.equal(codeOf(answer.body), 'BANYAN_HEADERS_TOO_LARGE')
  const fits = await RawConnection.open(running.port)
  fits.send(`GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(15_000)}\r\n\r\n`)
  assert.equal((await fits.answer()).status, 200)
  fits.destroy()
})

for (const [what, bytes] of [
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['TLS', Buffer.from('16030100f1010000ed0303', 'hex')],
  [
    'two lengths that differ',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
  ],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
] as const) {
  test(`a request with ${what} is answered with 400, and the process lives on`, async () => {
    await using running = await startServe({ app: 'listener' })
    const connection = await RawConnection.open(running.port)
    connection.send(bytes)
    assert.equal((await connection.answer()).status, 400)
    await connection.untilClosed()
    await stillServes(running)
  })
}

test('nonsense behind a request under way cuts the connection instead of mixing into its answer', async () => {
  await using running = await startServe({ app: 'listener' })
  const connection = await RawConnection.open(running.port)
  connection.send('GET /slow?ms=200 HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n')
  await connection.untilClosed()
  assert.equal(connection.received, '')
  await stillServes(running)
})

test('headers that do not arrive in time are answered with 408', async () => {
  const limits = { headersTimeoutMs: 500, requestTimeoutMs: 1_500 }
  await using running = await startServe({ app: 'listener', serve: { limits } })
  const slow = await RawConnection.open(running.port)
  const began = performance.now()
  slow.send('GET / HTTP/1.1\r\nHost:')
  const answer = await slow.answer()
  assert.equal(answer.status, 408)
  assert.equal(codeOf(answer.body), 'BANYAN_REQUEST_TIMEOUT')
  assert.ok(performance.now() - began < 2_500)
})

test('a body that does not arrive in time cuts the connection, and the app hears of it', async () => {
  const limits = { headersTimeoutMs: 500, requestTimeoutMs: 700 }
  await using running = await startServe({ app: 'listener', serve: { limits } })
  const slow = await RawConnection.open(running.port)
  slow.send(`${post('Content-Length: 10')}abc`)
  await slow.untilClosed(5_000)
  await until(() => running.logs().some(({ msg }) => msg === 'body failed'))
  await stillServes(running)
})

test('an idle connection is closed after the time that its client was told, not before', async () => {
  await using running = await startServe({
    app: 'listener',
    serve: { limits: { keepAliveTimeoutMs: 1_000 } },
  })
  const idle = await RawConnection.open(running.port)
  await idle.get('/')
  const began = performance.now()
  await idle.untilClosed()
  const lasted = performance.now() - began
  assert.ok(lasted >= 1_000 && lasted < 4_000, `${lasted} ms`)
})

test('a client that goes away in the middle of an answer is logged without a status', async () => {
  await using running = await startServe({ app: 'listener' })
  const connection = await RawConnection.open(running.port)
  connection.send('GET /slow?ms=200 HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise((resolve) => setTimeout(resolve, 50))
  connection.destroy()
  await until(() => running.logs().some(({ msg }) => msg === 'request aborted'))
  await stillServes(running)
})

test('a pipelined request that its client abandons does not hold up a stop', async () => {
  const limits = { keepAliveTimeoutMs: 200 }
  await using running = await startServe({ app: 'listener', serve: { limits } })
  const connection = await RawConnection.open(running.port)
  const slow = 'GET /slow?ms=60000 HTTP/1.1\r\nHost: x\r\n\r\n'
  connection.send(slow + slow)
  await new Promise((resolve) => setTimeout(resolve, 50))
  connection.destroy()
  const began = performance.now()
  running.kill('SIGTERM')
  assert.equal(await running.ended, 0)
  assert.ok(performance.now() - began < 4_000)
  assert.ok(!running.logs().some(({ msg }) => msg.startsWith('requests were cut')))
})

test('everything under /-/ but the two probes is a 404 of ours, and HEAD has no body', async () => {
  await using running = await startServe({ app: 'listener' })
  assert.equal((await fetch(`${running.url}/-/other`)).status, 404)
  assert.equal((await fetch(`${running.url}/-/ready`, { method: 'POST' })).status, 405)
  const live = await fetch(`${running.url}/-/live`)
  assert.deepEqual(await live.json(), { live: true })
  const head = await fetch(`${running.url}/-/ready`, { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.equal(head.headers.get('banyan-ready'), 'true')
  assert.equal(await head.text(), '')
  const ready = await fetch(`${running.url}/-/ready?x=1`)
  assert.deepEqual(await ready.json(), { ready: true, phase: 'ready' })
})
