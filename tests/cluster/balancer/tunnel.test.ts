// WebSockets through the gateway, with a real server and a real client.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import { backend, gatewayFile, scriptedServer } from '../gateway-setup.ts'
import { RawConnection, until } from '../serve-process.ts'
import { onEveryEngine, type RunningBalancer } from './engine.ts'
import { eventually } from './eventually.ts'

onEveryEngine((engine, promise) => {
  /** How many WebSockets the first server has. */
  const openAt = async (running: RunningBalancer): Promise<number> => {
    const [backend] = (await running.status()).backends
    return backend?.webSockets ?? 0
  }

  async function webSocketServer() {
    const http = createServer((_request, response) => response.end('plain'))
    const sockets = new WebSocketServer({ server: http })
    const closes: number[] = []
    const headers: Record<string, unknown>[] = []
    sockets.on('connection', (socket, request) => {
      headers.push(request.headers)
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      socket.on('close', (code) => closes.push(code))
    })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    return {
      port,
      sockets,
      closes,
      headers,
      [Symbol.asyncDispose]: async () => {
        for (const client of sockets.clients) client.terminate()
        http.closeAllConnections()
        http.close()
      },
    }
  }

  async function open(port: number, path = '/'): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
    await once(socket, 'open')
    return socket
  }

  promise('messages of every size go both ways', async () => {
    await using server = await webSocketServer()
    await using running = await engine.start(gatewayFile([backend(server.port)]))
    const socket = await open(running.port)
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 3_000_000]) {
      const sent = Buffer.alloc(size, size % 251)
      socket.send(sent)
      const [received] = (await once(socket, 'message')) as [Buffer]
      assert.ok(sent.equals(received), `${size} bytes came back as they were`)
    }
    assert.equal(await openAt(running), 1)
    assert.equal((await running.status()).backends[0]?.inFlight, 0)
    assert.match(String(server.headers[0]?.['x-forwarded-for']), /127\.0\.0\.1/)
    socket.close(4_000)
    await until(() => server.closes.length === 1)
    assert.deepEqual(server.closes, [4_000])
    await eventually(async () => (await openAt(running)) === 0)
  })

  promise(
    'at the drain timeout of its server a WebSocket is told 1001, on both sides',
    async () => {
      await using server = await webSocketServer()
      const file = gatewayFile([backend(server.port)], { drainTimeoutMs: 300 })
      await using running = await engine.start(file)
      const socket = await open(running.port)
      const closed = once(socket, 'close')
      const begun = performance.now()
      const draining = backend(server.port, { state: 'drain' })
      await running.tell({ ...file, version: 2, backends: [draining] })
      socket.send('still here')
      await once(socket, 'message')
      if (engine.differs('tunnels are not told')) {
        await sleep(600)
        socket.send('here yet')
        await once(socket, 'message')
        socket.terminate()
        return
      }
      const [code] = await closed
      assert.equal(code, 1_001)
      assert.ok(performance.now() - begun >= 290, 'it lived until the timeout')
      await until(() => server.closes.length === 1)
      assert.deepEqual(server.closes, [1_001])
      await eventually(async () => (await openAt(running)) === 0)
    },
  )

  promise('1001 comes between two frames, also while a large message is on its way', async () => {
    await using server = await webSocketServer()
    const file = gatewayFile([backend(server.port)], { drainTimeoutMs: 200 })
    await using running = await engine.start(file)
    const socket = await open(running.port)
    const errors: unknown[] = []
    let received = 0
    socket.on('error', (error) => errors.push(error))
    socket.on('message', (data: Buffer) => {
      assert.equal(data.length, 100_000)
      received += 1
    })
    const closed = once(socket, 'close')
    const pump = setInterval(() => {
      for (const client of server.sockets.clients) client.send(Buffer.alloc(100_000))
      if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.alloc(100_000))
    }, 1)
    await until(() => received > 20)
    await running.tell({
      ...file,
      version: 2,
      backends: [backend(server.port, { state: 'drain' })],
    })
    if (engine.differs('tunnels are not told')) {
      const before = received
      await until(() => received > before + 20)
      clearInterval(pump)
      assert.deepEqual(errors, [])
      socket.terminate()
      return
    }
    const [code] = await closed
    clearInterval(pump)
    assert.equal(code, 1_001)
    assert.deepEqual(errors, [])
  })

  promise('a gateway that ends tells its WebSockets 1001 at its drain timeout', async () => {
    await using server = await webSocketServer()
    const file = gatewayFile([backend(server.port)], { drainTimeoutMs: 1_000 })
    await using running = await engine.start(file)
    const socket = await open(running.port)
    const closed = once(socket, 'close')
    const stopped = running.stop()
    socket.send('still here')
    await once(socket, 'message')
    const [code] = await closed
    assert.equal(code, engine.differs('tunnels are not told') ? 1_006 : 1_001)
    await stopped
  })

  promise('when the server of a WebSocket is gone, so is the WebSocket', async () => {
    await using server = await webSocketServer()
    await using running = await engine.start(gatewayFile([backend(server.port)]))
    const socket = await open(running.port)
    const closed = once(socket, 'close')
    for (const client of server.sockets.clients) client.terminate()
    const [code] = await closed
    assert.equal(code, 1_006)
  })

  promise('a client that vanishes ends the connection to the server', async () => {
    await using server = await webSocketServer()
    await using running = await engine.start(gatewayFile([backend(server.port)]))
    const socket = await open(running.port)
    socket.terminate()
    await until(() => server.closes.length === 1)
    await eventually(async () => (await openAt(running)) === 0)
  })

  promise('a handshake goes to another server when the first is gone', async () => {
    await using server = await webSocketServer()
    const gone = await webSocketServer()
    await using running = await engine.start(
      gatewayFile([backend(gone.port), backend(server.port)]),
    )
    await gone[Symbol.asyncDispose]()
    const socket = await open(running.port)
    socket.terminate()
    assert.equal(server.headers.length, 1)
  })

  const upgrade =
    'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: special/1\r\nX-A: b\r\n\r\n'

  promise(
    'any protocol may be changed to; what comes behind the handshake is not lost',
    async () => {
      await using server = await scriptedServer(({ socket, bytes }) => {
        if (bytes.endsWith('\r\n\r\n')) {
          socket.write(
            'HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: special/1\r\nX-C: d\r\n\r\nfirst',
          )
        } else if (bytes.endsWith('later')) socket.end(' last')
      })
      await using running = await engine.start(gatewayFile([backend(server.port)]))
      const connection = await RawConnection.open(running.port)
      connection.send(`${upgrade}early`)
      await until(() => connection.received.endsWith('first'))
      assert.match(
        connection.received,
        /^HTTP\/1\.1 101 (?=[\s\S]*upgrade: special\/1\r\n)[\s\S]*X-C: d\r\n(?:[\s\S]*\r\n)?\r\nfirst$/i,
      )
      connection.send('later')
      await connection.untilClosed()
      assert.match(connection.received, /first last$/)
      assert.match(
        server.seen(),
        /^GET \/chat HTTP\/1\.1\r\n(?=[\s\S]*upgrade: special\/1\r\n)[\s\S]*X-A: b\r\n(?:[\s\S]*\r\n)?\r\nearlylater$/i,
      )
      connection.destroy()
    },
  )

  for (const [name, bytes, expected] of [
    [
      'with a length',
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
      /^HTTP\/1\.1 403 [\s\S]*\r\n\r\nno$/,
    ],
    [
      'in chunks',
      'HTTP/1.1 426 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
      /^HTTP\/1\.1 426 [\s\S]*\r\n\r\nno$/,
    ],
    ['until the end', 'HTTP/1.1 200 OK\r\n\r\nno', /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nno$/],
    ['that is no HTTP', 'what?\r\n\r\n', /^HTTP\/1\.1 502 [\s\S]*BANYAN_GATEWAY_ANSWER_INVALID/],
    ['of 101 that does not say to what', 'HTTP/1.1 101 X\r\n\r\n', /^HTTP\/1\.1 502 /],
  ] as const) {
    promise(
      `an answer to a handshake ${name} is the client's, and the connection ends`,
      async () => {
        await using server = await scriptedServer(({ socket, bytes: got }) => {
          if (got.endsWith('\r\n\r\n')) socket.end(bytes)
        })
        const file = gatewayFile([backend(server.port)])
        await using running = await engine.start(file, { answerTimeoutMs: 500 })
        const connection = await RawConnection.open(running.port)
        connection.send(upgrade)
        if (engine.differs('waits after 101') && name.startsWith('of 101')) {
          await until(() => connection.received.startsWith('HTTP/1.1 504 '))
          connection.destroy()
          return
        }
        if (engine.differs('goes on after handshakes')) {
          const { status, body } = await connection.answer()
          assert.match(
            `HTTP/1.1 ${status} \r\n\r\n${body}`,
            new RegExp(expected.source.split('[')[0] ?? ''),
          )
          if (status < 500) assert.equal(body, 'no')
          connection.destroy()
          return
        }
        await connection.untilClosed()
        assert.match(connection.received, expected)
        assert.match(connection.received, /connection: close/i)
        connection.send('GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n')
        await new Promise((resolve) => setTimeout(resolve, 30))
        assert.doesNotMatch(server.seen(), /smuggled/)
        connection.destroy()
      },
    )
  }
})
