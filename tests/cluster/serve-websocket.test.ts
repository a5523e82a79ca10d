import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServeStatus } from '@banyan/model'
import { WebSocket } from 'ws'
import { RawConnection, type ServeProcess, startServe, until } from './serve-process.ts'
import { controlToken, writeSystemFile } from './serve-socket.ts'

/** WebSockets live for four fifths of it. */
const stopTimeoutMs = 2_500
const deadlineMs = 2_000
const limits = { keepAliveTimeoutMs: 200 }

const start = (app: string, serve = {}): Promise<ServeProcess> =>
  startServe({ app, apps: 'webSocket', serve: { stopTimeoutMs, limits, ...serve } })

type Client = {
  readonly socket: WebSocket
  readonly received: Buffer[]
  readonly closed: Promise<{ code: number; atMs: number }>
}

async function open(running: ServeProcess, options = {}): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${running.port}/ws`, options)
  const received: Buffer[] = []
  socket.on('message', (data) => received.push(data as Buffer))
  socket.on('error', () => {})
  const closed = once(socket, 'close').then(([code]) => ({ code, atMs: performance.now() }))
  await once(socket, 'open')
  return { socket, received, closed }
}

async function say(client: Client, text: string): Promise<string> {
  const count = client.received.length
  client.socket.send(text)
  await until(() => client.received.length > count)
  return String(client.received.at(-1))
}

const stopping = (running: ServeProcess): Promise<void> =>
  until(() => running.logs().some(({ msg }) => msg === 'stopping'))

for (const app of ['fastify', 'http', 'express']) {
  test(`with ${app} a WebSocket speaks on while the process stops, and is closed with 1001 at the deadline`, async () => {
    await using running = await start(app)
    const clients = await Promise.all([open(running), open(running)])
    assert.equal((await fetch(running.url)).status, 200)
    const began = performance.now()
    running.kill('SIGTERM')
    await stopping(running)
    let rounds = 0
    while (performance.now() - began < deadlineMs - 300) {
      for (const client of clients) assert.equal(await say(client, `${rounds}`), `${rounds}`)
      rounds += 1
      await sleep(20)
    }
    assert.ok(rounds > 10)
    for (const client of clients) {
      const { code, atMs } = await client.closed
      assert.equal(code, 1001)
      assert.ok(atMs - began > deadlineMs - 100, `closed after ${atMs - began} ms`)
      assert.ok(atMs - began < stopTimeoutMs, `closed after ${atMs - began} ms`)
    }
    assert.equal(await running.ended, 0)
    const codes = running.logs().filter(({ msg }) => msg === 'socket closed')
    assert.deepEqual(
      codes.map(({ code }) => code),
      [1001, 1001],
      'the app is told the same',
    )
  })
}

test('a client that closes earlier lets the process end earlier', async () => {
  await using running = await start('fastify')
  const client = await open(running)
  const began = performance.now()
  running.kill('SIGTERM')
  await stopping(running)
  assert.equal(await say(client, 'still here'), 'still here')
  client.socket.close(1000)
  assert.equal((await client.closed).code, 1000)
  assert.equal(await running.ended, 0)
  assert.ok(performance.now() - began < deadlineMs - 500)
  assert.ok(running.logs().some(({ msg }) => msg === 'close hook ran'))
})

test('with nothing open a stop is at once', async () => {
  await using running = await start('fastify')
  const client = await open(running)
  client.socket.close()
  await client.closed
  const began = performance.now()
  running.kill('SIGTERM')
  assert.equal(await running.ended, 0)
  assert.ok(performance.now() - began < deadlineMs - 200)
})

test('an upgrade that is asked for while the process stops is refused with 503', async () => {
  for (const app of ['fastify', 'http']) {
    await using running = await start(app)
    const client = await open(running)
    const opened = await RawConnection.open(running.port)
    await sleep(50)
    running.kill('SIGTERM')
    await stopping(running)
    opened.send(
      'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    const answer = await opened.answer()
    assert.equal(answer.status, 503)
    assert.equal(answer.headers.connection, 'close')
    assert.equal(JSON.parse(answer.body).error.code, 'BANYAN_NOT_READY')
    assert.equal(await say(client, 'on'), 'on')
    client.socket.close()
    assert.equal(await running.ended, 0)
  }
})

for (const app of ['http', 'deflate']) {
  test(`big messages in flight at the deadline come whole or not at all, with ${app}`, async () => {
    await using running = await start(app)
    const client = await open(running)
    client.socket.send('flood')
    await until(() => client.received.length > 100)
    running.kill('SIGTERM')
    assert.equal((await client.closed).code, 1001)
    client.received.forEach((message, n) => {
      assert.equal(message.length, 1 + (n % 7) * 20_000)
      assert.ok(message.every((byte) => byte === n % 251))
    })
    assert.equal(await running.ended, 0)
  })
}

test('a single message that is larger than every buffer is whole before the goodbye', async () => {
  await using running = await start('http')
  const client = await open(running)
  running.kill('SIGTERM')
  await stopping(running)
  await sleep(deadlineMs - 150)
  client.socket.send('big 30000000')
  assert.equal((await client.closed).code, 1001)
  if (client.received.length > 0) assert.equal(client.received[0]?.length, 30_000_000)
  assert.equal(await running.ended, 0)
})

test('a message in fragments is left in the middle at the deadline, and the code is 1001 all the same', async () => {
  await using running = await start('http')
  const client = await open(running)
  client.socket.send('parts 3')
  await until(() => client.received.length === 1)
  assert.equal(String(client.received[0]), '1 2 3 ')
  client.socket.send('parts 1000')
  running.kill('SIGTERM')
  assert.equal((await client.closed).code, 1001)
  assert.equal(client.received.length, 1)
  assert.equal(await running.ended, 0)
})

test('what a client sends in fragments reaches the app whole while it stops', async () => {
  await using running = await start('express')
  const client = await open(running)
  running.kill('SIGTERM')
  await stopping(running)
  client.socket.send('one ', { fin: false })
  await sleep(50)
  client.socket.send('two ', { fin: false })
  await sleep(50)
  client.socket.send('three', { fin: true })
  await until(() => client.received.length === 1)
  assert.equal(String(client.received[0]), 'one two three')
  client.socket.close()
  assert.equal(await running.ended, 0)
})

test('a client that does not read, nor answer, does not hold up the stop', async () => {
  await using running = await start('http')
  const client = await open(running)
  client.socket.send('flood')
  await until(() => client.received.length > 10)
  client.socket.pause()
  const began = performance.now()
  running.kill('SIGTERM')
  assert.equal(await running.ended, 0, running.output())
  assert.ok(performance.now() - began < stopTimeoutMs + 2_000)
  client.socket.terminate()
})

const upgradeTo = (protocol: string): string =>
  `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`

test('a frame that is half written at the deadline is finished before the goodbye, and nothing follows it', async () => {
  await using running = await start('slow', { stopTimeoutMs: 3_000 })
  const client = await RawConnection.open(running.port)
  client.send(upgradeTo('websocket'))
  assert.equal((await client.answer()).status, 101)
  await until(() => client.received === '\x82\x01!')
  running.kill('SIGTERM')
  await sleep(2_400 - 100)
  client.send('20')
  await client.untilClosed()
  const payload = '\x88'.repeat(200)
  assert.equal(client.received, `\x82\x01!\x82\x7e\x00\xc8${payload}\x88\x02\x03\xe9`)
  client.destroy()
  assert.equal(await running.ended, 0)
})

test('a frame that does not end in time is cut, and nothing is put into it', async () => {
  await using running = await start('slow', { stopTimeoutMs: 1_000 })
  const client = await RawConnection.open(running.port)
  client.send(upgradeTo('websocket'))
  await client.answer()
  client.send('150')
  const began = performance.now()
  running.kill('SIGTERM')
  await client.untilClosed()
  assert.ok(performance.now() - began < 2_500)
  const begun = '\x82\x01!\x82\x7e\x00\xc8'
  assert.equal(client.received.slice(0, begun.length), begun)
  assert.match(client.received.slice(begun.length), /^(\x88{20}){3,8}$/)
  client.destroy()
  assert.equal(await running.ended, 0)
})

test('what was upgraded to something else is ended at the deadline', async () => {
  await using running = await start('echo')
  const client = await RawConnection.open(running.port)
  client.send(upgradeTo('echo'))
  assert.equal((await client.answer()).status, 101)
  const began = performance.now()
  running.kill('SIGTERM')
  await stopping(running)
  client.send('ping')
  await until(() => client.received === 'ping')
  await client.untilClosed()
  assert.ok(performance.now() - began > deadlineMs - 100)
  assert.equal(client.received, 'ping', 'no frame is put into what is no WebSocket')
  assert.equal(client.failure, null)
  client.destroy()
  assert.equal(await running.ended, 0)
})

test('an upgrade that the app has not answered by the deadline is refused', async () => {
  await using running = await start('silent')
  const client = await RawConnection.open(running.port)
  client.send(upgradeTo('websocket'))
  await sleep(50)
  running.kill('SIGTERM')
  assert.equal((await client.answer()).status, 503)
  client.destroy()
  assert.equal(await running.ended, 0)
})

test('a WebSocket that is asked for while Fastify gets ready waits for it', async () => {
  const port = 20_000 + (process.pid % 10_000)
  await using running = await startServe({
    app: 'fastify-slow',
    apps: 'webSocket',
    env: { PORT: String(port) },
    serve: { stopTimeoutMs, limits },
  })
  const probe = await fetch(`${running.url}/-/ready`)
  assert.equal(probe.status, 503, 'it is still starting')
  const [client, plain] = await Promise.all([
    open(running),
    fetch(running.url, { headers: { 'x-a': 'b' } }),
  ])
  assert.equal(await say(client, 'hello'), 'hello')
  assert.equal(await plain.text(), 'plain')
  client.socket.close()
  await client.closed
})

for (const app of ['fastify-plain', 'fastify', 'http']) {
  test(`a request that offers HTTP/2 is answered in HTTP/1.1, body and all, by ${app}`, async () => {
    await using running = await start(app)
    const client = await RawConnection.open(running.port)
    client.send(upgradeTo('h2c').replace('/ws', '/'))
    assert.equal((await client.answer()).status, app === 'fastify-plain' ? 404 : 200)
    const head = 'POST /sized HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n'
    client.send(`${head}Content-Length: 5\r\n\r\nhello`)
    const { status } = await client.answer()
    assert.equal(status, app === 'http' ? 200 : 404)
    assert.equal(client.closed, false)
    client.destroy()
  })
}

test('control is told how many WebSockets are open', async () => {
  using system = writeSystemFile()
  await using running = await startServe({
    app: 'fastify',
    apps: 'webSocket',
    env: { BANYAN_SYSTEM: system.path },
  })
  const headers = { authorization: `Bearer ${controlToken}` }
  const count = async (): Promise<unknown> =>
    ((await (await fetch(`${running.url}/-/control`, { headers })).json()) as ServeStatus)
      .webSockets
  const clients = await Promise.all([open(running), open(running)])
  assert.equal(await count(), 2)
  clients[0].socket.close()
  await clients[0].closed
  await sleep(50)
  assert.equal(await count(), 1)
  clients[1].socket.terminate()
})
