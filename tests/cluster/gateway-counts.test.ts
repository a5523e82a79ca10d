// What a gateway knows of each of its servers: what they answered, and how fast.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { type AnswerCounts, countBeyond, quantile } from '@banyan/model'
import { answer, backend, gatewayFile, scriptedServer, startGateway } from './gateway-setup.ts'
import { until } from './serve-process.ts'

type Running = Awaited<ReturnType<typeof startGateway>>

const countsOf = ({ gateway }: Running, port: number): AnswerCounts =>
  gateway.status.backends.find(({ node }) => node === `web-${port}`)?.answers as AnswerCounts

test('each server has its own counts, and what another one made good counts against who failed it', async () => {
  await using good = await scriptedServer(({ socket }) => void answer(socket, 'good'))
  await using bad = await scriptedServer(({ socket }) => void socket.destroy())
  await using running = await startGateway(gatewayFile([backend(good.port), backend(bad.port)]))
  for (let n = 0; n < 4; n++) {
    assert.equal((await fetch(`${running.gateway.url}/`)).status, 200)
    while (!running.gateway.status.backends.every(({ healthy }) => healthy)) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  assert.equal(countsOf(running, good.port).failed, 0)
  assert.equal(countsOf(running, good.port).sent, 4)
  const { sent, failed } = countsOf(running, bad.port)
  assert.ok(sent > 0 && failed === sent, `${failed} of ${sent}`)
  assert.equal(running.gateway.status.requests.failed, 0)
})

test('an answer of 500 has failed, and its time is that of the server', async () => {
  await using slow = await scriptedServer((received) => {
    const isBad = received.bytes.includes('/bad')
    received.bytes = ''
    const text = `HTTP/1.1 ${isBad ? 500 : 200} X\r\ncontent-length: 0\r\n\r\n`
    setTimeout(() => received.socket.write(text), isBad ? 0 : 150)
  })
  await using running = await startGateway(gatewayFile([backend(slow.port)]))
  for (const path of ['/', '/', '/bad']) await fetch(`${running.gateway.url}${path}`)
  const counts = countsOf(running, slow.port)
  assert.deepEqual([counts.sent, counts.failed], [3, 1])
  assert.equal(countBeyond(counts, 120), 2)
  assert.ok(quantile(counts, 1) < 1_000)
})

test('a handshake that fails has failed, and one that succeeds counts with its own time', async () => {
  const accepted = 'HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'
  await using server = await scriptedServer(({ socket, bytes }) => {
    if (bytes.startsWith('GET /bad ')) {
      socket.end('HTTP/1.1 500 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    } else if (bytes.startsWith('GET /gone ')) socket.destroy()
    else socket.write(accepted)
  })
  await using running = await startGateway(gatewayFile([backend(server.port)]), { waitMs: 50 })
  const counts = () => countsOf(running, server.port)
  const sockets = []
  for (const [at, path] of ['/', '/bad', '/gone'].entries()) {
    const socket = connect(Number(new URL(running.gateway.url).port), '127.0.0.1')
    socket.on('error', () => {}).resume()
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
        'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    sockets.push(socket)
    await until(() => counts().sent > at)
  }
  assert.equal(counts().failed, counts().sent - 1)
  assert.ok(counts().failed >= 2)
  for (const socket of sockets) socket.destroy()
})
