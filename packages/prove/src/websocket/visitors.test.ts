import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import type { WebSocketReport } from '../report.ts'
import { WebSocketVisitors } from './visitors.ts'

const cleanups: (() => unknown)[] = []
after(async () => {
  for (const cleanup of cleanups) await cleanup()
})

/** A real WebSocket server at /live; gives its address. */
async function serve(
  welcome: (socket: WebSocket) => void,
  { autoPong = true } = {},
): Promise<{ url: string; http: Server; sockets: WebSocketServer }> {
  const http = createServer((_request, response) => response.writeHead(503).end())
  const sockets = new WebSocketServer({ server: http, path: '/live', autoPong })
  sockets.on('connection', welcome)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  cleanups.push(() => {
    for (const socket of sockets.clients) socket.terminate()
    http.closeAllConnections()
    http.close()
  })
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/live`, http, sockets }
}

type Visit = {
  readonly clients?: number
  readonly timeoutMs?: number
  readonly during?: () => unknown
}

/** Lets visitors stay for a while, and gives what was counted of them. */
async function visit(url: string, ms: number, options: Visit = {}): Promise<WebSocketReport> {
  const { clients = 1, timeoutMs = 5_000, during } = options
  const visitors = new WebSocketVisitors(url, { clients, timeoutMs, now: () => performance.now() })
  visitors.begin()
  try {
    await during?.()
    await delay(ms)
  } finally {
    await visitors.end()
  }
  return visitors.report
}

test('visitors stay, ping once a second, and hear what is said', async () => {
  const { url } = await serve((socket) => {
    socket.send('one')
    socket.send('two')
  })
  const report = await visit(url, 2_500, { clients: 5 })
  const { p99PingMs, ...counts } = report
  assert.deepEqual(counts, {
    clients: 5,
    opened: 5,
    closedWell: 0,
    failed: { total: 0, byCause: {} },
    messages: 10,
    pings: 10,
  })
  assert.ok(p99PingMs !== null && p99PingMs > 0 && p99PingMs < 1_000, `${p99PingMs}`)
})

for (const code of [1000, 1001, 1012]) {
  test(`one that is closed with ${code} comes again at once`, async () => {
    let comes = 0
    const { url } = await serve((socket) => {
      if (comes++ < 2) setTimeout(() => socket.close(code), 150)
    })
    const { opened, closedWell, failed } = await visit(url, 700)
    assert.deepEqual([opened, closedWell, failed.total], [3, 2, 0])
  })
}

for (const [what, end, cause] of [
  ['a close with 1011', (socket: WebSocket) => socket.close(1011), 'closed with 1011'],
  ['a close without a code', (socket: WebSocket) => socket.close(), 'closed with 1005'],
  ['an end without a close', (socket: WebSocket) => socket.terminate(), 'closed with 1006'],
] as const) {
  test(`${what} is a failure, after which it comes again`, async () => {
    let comes = 0
    const { url } = await serve((socket) => {
      if (comes++ === 0) end(socket)
    })
    const { opened, closedWell, failed } = await visit(url, 1_500)
    assert.deepEqual(failed, { total: 1, byCause: { [cause]: 1 } })
    assert.deepEqual([opened, closedWell], [2, 0])
  })
}

test('an end while the farewell is under way is the farewell', async () => {
  const { url } = await serve((socket) => {
    setTimeout(() => {
      socket.close(1001)
      socket.terminate()
    }, 150)
  })
  const { closedWell, failed } = await visit(url, 250)
  assert.deepEqual([closedWell, failed.total], [1, 0], JSON.stringify(failed))
})

test('an answer that is no upgrade is a failure by its status', async () => {
  const { url } = await serve(() => {})
  const { opened, failed } = await visit(url.replace('/live', '/elsewhere'), 300)
  assert.equal(opened, 0)
  assert.deepEqual(failed.byCause, { 'HTTP 400': 1 })
  const plain = createServer((_request, response) => response.writeHead(503).end())
  plain.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n')
  })
  plain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
  cleanups.push(() => plain.close())
  const { port } = plain.address() as AddressInfo
  const turnedAway = await visit(`ws://127.0.0.1:${port}/live`, 300)
  assert.deepEqual(turnedAway.failed.byCause, { 'HTTP 503': 1 })
})

test('where nobody listens any more it is refused, each time it comes', async () => {
  const { url, http, sockets } = await serve(() => {})
  const report = await visit(url, 1_500, {
    during: async () => {
      await delay(200)
      http.close()
      for (const socket of sockets.clients) socket.close(1001)
    },
  })
  assert.deepEqual([report.opened, report.closedWell], [1, 1])
  assert.deepEqual(report.failed, { total: 2, byCause: { ECONNREFUSED: 2 } })
})

test('a ping without its pong is a failure', async () => {
  const { url } = await serve(() => {}, { autoPong: false })
  const { opened, pings, failed } = await visit(url, 1_700, { timeoutMs: 400 })
  assert.deepEqual([opened, pings, failed.byCause], [1, 1, { 'no pong': 1 }])
})

test('a server that takes the connection and says nothing is given up', async () => {
  const silent = createTcpServer((socket) => void socket.on('error', () => {}))
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  cleanups.push(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const { opened, failed } = await visit(`ws://127.0.0.1:${port}/live`, 700, { timeoutMs: 300 })
  assert.deepEqual([opened, failed.byCause], [0, { 'not open in time': 1 }])
})

test('those who leave say goodbye with 1000, and that is no failure', async () => {
  const codes: number[] = []
  const { url } = await serve((socket) => void socket.on('close', (code) => codes.push(code)))
  const { closedWell, failed } = await visit(url, 300, { clients: 3 })
  assert.deepEqual([closedWell, failed.total], [0, 0])
  assert.deepEqual(codes, [1000, 1000, 1000])
})
