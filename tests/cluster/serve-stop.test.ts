import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { RawConnection, startServe, until } from './serve-process.ts'

const keepAliveTimeoutMs = 1_000
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('a stop answers what is under way and what an idle connection still sends, and exits with 0', async () => {
  await using running = await startServe({
    app: 'listener',
    serve: { limits: { keepAliveTimeoutMs } },
  })
  const idle = await RawConnection.open(running.port)
  const first = await idle.get('/')
  assert.equal(first.headers.connection, 'keep-alive')
  assert.equal(first.headers['keep-alive'], 'timeout=1')
  const busy = await RawConnection.open(running.port)
  const inFlight = busy.get('/slow?ms=400')
  await sleep(50)
  running.kill('SIGTERM')
  await until(() => running.logs().some(({ msg }) => msg === 'stopping'))

  await sleep(300)
  assert.equal(idle.closed, false, 'an idle connection is not cut')
  const ready = await idle.get('/-/ready')
  assert.equal(ready.status, 503)
  assert.equal(ready.headers['banyan-ready'], 'false')
  assert.equal(ready.headers.connection, 'close')

  const answer = await inFlight
  assert.deepEqual(JSON.parse(answer.body), { slow: true })
  assert.equal(answer.headers.connection, 'close')
  assert.equal(await running.ended, 0)
})

test('while it stops, an app request on an idle connection is answered and ends the connection', async () => {
  await using running = await startServe({
    app: 'fastify',
    serve: { limits: { keepAliveTimeoutMs } },
  })
  const idle = await RawConnection.open(running.port)
  await idle.get('/')
  running.kill('SIGTERM')
  await until(() => running.logs().some(({ msg }) => msg === 'stopping'))
  const answer = await idle.get('/')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.connection, 'close')
  await idle.untilClosed()
  assert.equal(idle.failure, null)
  assert.equal(await running.ended, 0)
})

test('an idle connection stays for as long as it was told, then the process ends', async () => {
  await using running = await startServe({
    app: 'listener',
    serve: { limits: { keepAliveTimeoutMs } },
  })
  const idle = await RawConnection.open(running.port)
  await idle.get('/')
  const answeredAt = performance.now()
  running.kill('SIGTERM')
  await idle.untilClosed()
  const lasted = performance.now() - answeredAt
  assert.ok(lasted >= keepAliveTimeoutMs, `it was cut after ${lasted} ms`)
  assert.equal(await running.ended, 0)
})

test('a connection that never sent anything does not hold up a stop for ever', async () => {
  await using running = await startServe({
    app: 'listener',
    serve: { limits: { keepAliveTimeoutMs } },
  })
  const silent = await RawConnection.open(running.port)
  await sleep(50)
  const began = performance.now()
  running.kill('SIGTERM')
  assert.equal(await running.ended, 0)
  assert.ok(performance.now() - began < 4_000)
  assert.equal(silent.closed, true)
})

test('a request on a connection that was opened before the stop is answered', async () => {
  await using running = await startServe({
    app: 'listener',
    serve: { limits: { keepAliveTimeoutMs } },
  })
  const opened = await RawConnection.open(running.port)
  await sleep(50)
  running.kill('SIGTERM')
  await until(() => running.logs().some(({ msg }) => msg === 'stopping'))
  assert.equal((await opened.get('/')).status, 200)
  assert.equal(await running.ended, 0)
})

test('nobody new is accepted once a stop began', async () => {
  await using running = await startServe({
    app: 'listener',
    serve: { limits: { keepAliveTimeoutMs } },
  })
  const busy = await RawConnection.open(running.port)
  const inFlight = busy.get('/slow?ms=300')
  await sleep(50)
  running.kill('SIGTERM')
  await until(() => running.logs().some(({ msg }) => msg === 'stopping'))
  await assert.rejects(RawConnection.open(running.port), /ECONNREFUSED/)
  assert.equal((await inFlight).status, 200)
})

test('an answer that has begun is finished, however late it ends', async () => {
  await using running = await startServe({
    app: 'listener',
    serve: { limits: { keepAliveTimeoutMs } },
  })
  const streaming = await RawConnection.open(running.port)
  const answer = streaming.get('/stream?ms=500')
  await until(() => streaming.received.includes('first'))
  running.kill('SIGTERM')
  assert.equal((await answer).body, 'first last')
  assert.equal(await running.ended, 0)
})

test('at the end of the stop timeout what is left is cut, and said', async () => {
  await using running = await startServe({ app: 'listener', serve: { stopTimeoutMs: 500 } })
  const busy = await RawConnection.open(running.port)
  busy.send('GET /slow?ms=60000 HTTP/1.1\r\nHost: x\r\n\r\n')
  await sleep(50)
  const began = performance.now()
  running.kill('SIGTERM')
  await running.ended
  assert.ok(performance.now() - began < 4_000)
  const cut = running.logs().find(({ msg }) => msg.startsWith('requests were cut'))
  assert.equal(cut?.lost, 1)
})

test('SIGINT stops as SIGTERM does', async () => {
  await using running = await startServe({ app: 'listener' })
  running.kill('SIGINT')
  assert.equal(await running.ended, 0)
})

test('a second signal ends the process at once', async () => {
  await using running = await startServe({ app: 'listener' })
  const busy = await RawConnection.open(running.port)
  busy.send('GET /slow?ms=60000 HTTP/1.1\r\nHost: x\r\n\r\n')
  await sleep(50)
  running.kill('SIGTERM')
  await until(() => running.logs().some(({ msg }) => msg === 'stopping'))
  const began = performance.now()
  running.kill('SIGTERM')
  assert.equal(await running.ended, 143)
  assert.ok(performance.now() - began < 4_000)
})

for (const [path, message] of [
  ['/throw-later', 'uncaught exception'],
  ['/reject-later', 'unhandled rejection'],
] as const) {
  test(`an ${message} is logged as fatal and ends the process with 1`, async () => {
    await using running = await startServe({ app: 'listener' })
    await fetch(`${running.url}${path}`).catch(() => {})
    assert.equal(await running.ended, 1)
    const line = running.logs().find(({ msg }) => msg === message)
    assert.equal(line?.level, 'fatal')
    assert.match(JSON.stringify(line?.err), /nobody (catches|listens)[\s\S]*serve-apps/)
  })
}

test('a passed socket is taken, and stays open for the next process', async () => {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  const { port } = holder.address() as { port: number }
  const fd = (holder as unknown as { _handle: { fd: number } })._handle.fd
  const stdio = ['ignore', 'pipe', 'pipe', fd] as const
  const options = {
    app: 'listener',
    env: { LISTEN_FDS: '1', PORT: '' },
    stdio: [...stdio],
    serve: { limits: { keepAliveTimeoutMs: 200 } },
  }
  try {
    // The holder itself must not take the connections that are meant for the process.
    const first = await startServe(options)
    await using second = await startServe(options)
    holder.close()
    assert.equal(first.port, port)
    assert.equal(second.port, port)
    first.kill('SIGTERM')
    assert.equal(await first.ended, 0)
    for (let n = 0; n < 20; n += 1) {
      const connection = await RawConnection.open(port)
      assert.equal((await connection.get('/')).status, 200)
      connection.destroy()
    }
  } finally {
    holder.close()
  }
})

test('a socket that was passed to another process is not taken', async () => {
  await using running = await startServe({
    app: 'listener',
    env: { LISTEN_FDS: '1', LISTEN_PID: '1', PORT: '0' },
  })
  assert.equal((await fetch(`${running.url}/`)).status, 200)
})

test('what is announced as a socket and is none is refused by name', async () => {
  const start = startServe({ app: 'listener', env: { LISTEN_FDS: '1', PORT: '' } })
  await assert.rejects(start, /ended with 1[\s\S]*BANYAN_LISTEN_SOCKET_INVALID/)
})

test('a taken port is refused by name', async () => {
  await using running = await startServe({ app: 'listener' })
  const start = startServe({ app: 'listener', env: { PORT: String(running.port) } })
  await assert.rejects(start, /ended with 1[\s\S]*127\.0\.0\.1:\d+[\s\S]*BANYAN_PORT_TAKEN/)
})
