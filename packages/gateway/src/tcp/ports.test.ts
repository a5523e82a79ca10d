import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend, GatewayFile } from '@banyan/model'
import { pino } from 'pino'
import { Gateway } from '../gateway.ts'
import type { GatewayLimits } from '../limits.ts'

type Origin = { readonly port: number; readonly sockets: Set<Socket>; close(): void }

async function startOrigin(
  onConnection: (socket: Socket) => void,
  allowHalfOpen = true,
): Promise<Origin> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen }, (socket) => {
    socket.on('error', () => {})
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port, sockets, close }
}

const fileOf = (ports: readonly number[], more: Partial<GatewayFile> = {}): GatewayFile => ({
  format: 1,
  version: 1,
  node: 'gateway-1',
  listen: { host: '127.0.0.1', port: 0 },
  token: 't',
  drainTimeoutMs: 500,
  trustedProxies: [],
  routes: [],
  tcp: [{ port: 0, fd: 4, service: 'smtp' }],
  backends: ports.map(
    (port, index): Backend => ({
      node: `smtp-${index + 1}`,
      service: 'smtp',
      host: '127.0.0.1',
      port,
      health: null,
      state: 'ready',
      tcp: true,
    }),
  ),
  ...more,
})

async function startGateway(file: GatewayFile, limits: Partial<GatewayLimits> = {}) {
  const gateway = await Gateway.start({
    file,
    place: { host: '127.0.0.1', port: 0 },
    limits,
    logger: pino({ level: 'silent' }),
  })
  const open = (): Socket => {
    const [port = 0] = gateway.tcpPorts
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    return socket
  }
  return { gateway, open }
}

async function readAll(socket: Socket): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(piece)
  return Buffer.concat(pieces).toString('latin1')
}

/** How a connection ended: in order, or broken off. */
async function endOf(socket: Socket): Promise<string> {
  return await new Promise((resolve) => {
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'error'))
    socket.once('end', () => resolve('end'))
    socket.resume()
  })
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('it did not come to be in time')
    await sleep(5)
  }
}

const inFlight = (gateway: Gateway): number[] =>
  gateway.status.backends.map((backend) => backend.inFlight)

test('bytes go both ways as they are, whoever speaks first, to the servers in turn', async () => {
  const origins = await Promise.all(
    ['a', 'b'].map((name) =>
      startOrigin((socket) => {
        socket.write(`220 ${name}\r\n`)
        socket.pipe(socket)
      }),
    ),
  )
  const { gateway, open } = await startGateway(fileOf(origins.map(({ port }) => port)))
  try {
    await until(() => gateway.status.backends.every(({ healthy }) => healthy))
    const odd = Buffer.from([0, 255, 13, 10, 128]).toString('latin1')
    const answers = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const socket = open()
        socket.end(odd, 'latin1')
        return await readAll(socket)
      }),
    )
    assert.deepEqual(answers.sort(), [
      `220 a\r\n${odd}`,
      `220 a\r\n${odd}`,
      `220 b\r\n${odd}`,
      `220 b\r\n${odd}`,
    ])
    await until(() => inFlight(gateway).every((count) => count === 0))
    assert.deepEqual(gateway.status.requests, { sent: 0, failed: 0 })
  } finally {
    await gateway.stop()
    for (const origin of origins) origin.close()
  }
})

test('the end of one direction is passed on by itself', async () => {
  const origin = await startOrigin((socket) => {
    let heard = ''
    socket.on('data', (piece) => {
      heard += piece
    })
    socket.on('end', () => setTimeout(() => socket.end(`heard ${heard}`), 100))
  })
  const { gateway, open } = await startGateway(fileOf([origin.port]))
  try {
    const socket = open()
    socket.end('all of it')
    assert.equal(await readAll(socket), 'heard all of it')
  } finally {
    await gateway.stop()
    origin.close()
  }
})

test('a side that reads nothing is waited for, and what waits is bounded', async () => {
  const origin = await startOrigin((socket) => socket.pause())
  const { gateway, open } = await startGateway(fileOf([origin.port]))
  try {
    const socket = open()
    await once(socket, 'connect')
    const piece = Buffer.alloc(65_536, 'x')
    let sent = 0
    // Until nothing is taken for a while: the kernel's buffers and ours are full.
    const before = process.memoryUsage().external
    for (let quietMs = 0; quietMs < 300; ) {
      if (socket.writableLength > 1_048_576) {
        await sleep(20)
        quietMs += 20
      } else {
        socket.write(piece)
        sent += piece.length
        quietMs = 0
      }
      assert.ok(sent < 67_108_864, `${sent} bytes were taken that nobody reads`)
    }
    const grown = process.memoryUsage().external - before
    assert.ok(grown < 33_554_432, `${grown} bytes more are in memory`)
    let read = 0
    for (const server of origin.sockets) {
      server.on('data', ({ length }) => {
        read += length
      })
      server.resume()
    }
    socket.end()
    await until(() => read === sent)
  } finally {
    await gateway.stop()
    origin.close()
  }
})

test('a server that takes no connection is passed by, and nothing is lost', async () => {
  const gone = await startOrigin(() => {})
  const origin = await startOrigin((socket) => socket.end('here'))
  const { gateway, open } = await startGateway(fileOf([gone.port, origin.port]))
  try {
    await until(() => gateway.status.backends.every(({ healthy }) => healthy))
    gone.close()
    const answers = await Promise.all([1, 2, 3, 4].map(async () => await readAll(open())))
    assert.deepEqual(answers, ['here', 'here', 'here', 'here'])
    const [first] = gateway.status.backends
    assert.equal(first?.healthy, false)
    assert.ok((first?.answers?.failed ?? 0) > 0, 'a connection that was refused did not count')
  } finally {
    await gateway.stop()
    origin.close()
  }
})

test('without a server a connection waits, and is broken off when there is none in time', async () => {
  const { gateway, open } = await startGateway(fileOf([]), { waitMs: 300 })
  let origin: Origin | null = null
  try {
    const began = performance.now()
    assert.equal(await endOf(open()), 'ECONNRESET')
    assert.ok(performance.now() - began >= 250, 'it did not wait')
    const waiting = open()
    const answer = readAll(waiting)
    origin = await startOrigin((socket) => socket.end('now'))
    gateway.apply(fileOf([origin.port], { version: 2 }))
    assert.equal(await answer, 'now')
  } finally {
    await gateway.stop()
    origin?.close()
  }
})

test('a server that drains keeps its connections until the drain timeout, and gets no new one', async () => {
  const origins = await Promise.all([1, 2].map(() => startOrigin((socket) => socket.pipe(socket))))
  const ports = origins.map(({ port }) => port)
  const { gateway, open } = await startGateway(fileOf(ports))
  try {
    await until(() => gateway.status.backends.every(({ healthy }) => healthy))
    const sockets = [open(), open()]
    await until(() => inFlight(gateway).every((count) => count === 1))
    const whole = fileOf(ports)
    const [first, second] = whole.backends as [Backend, Backend]
    gateway.apply({ ...whole, version: 2, backends: [{ ...first, state: 'drain' }, second] })
    for (const socket of sockets) {
      socket.write('still here')
      assert.equal(String(await once(socket, 'data')), 'still here')
    }
    sockets.push(open(), open())
    await until(() => inFlight(gateway)[1] === 3)
    assert.equal(inFlight(gateway)[0], 1)
    await until(() => inFlight(gateway)[0] === 0)
    assert.equal(inFlight(gateway)[1], 3)
    for (const socket of sockets) socket.destroy()
  } finally {
    await gateway.stop()
    for (const origin of origins) origin.close()
  }
})

test('a connection that breaks on one side is broken off on the other', async () => {
  const origin = await startOrigin((socket) => {
    socket.once('data', () => socket.resetAndDestroy())
  }, false)
  const { gateway, open } = await startGateway(fileOf([origin.port]))
  try {
    const broken = open()
    broken.write('x')
    assert.equal(await endOf(broken), 'ECONNRESET')
    const breaking = open()
    await until(() => inFlight(gateway)[0] === 1 && breaking.readyState === 'open')
    breaking.resetAndDestroy()
    await until(() => origin.sockets.size === 0)
    await until(() => inFlight(gateway)[0] === 0)
  } finally {
    await gateway.stop()
    origin.close()
  }
})

test('a gateway that stops lets connections end by themselves, for as long as the drain timeout', async () => {
  const origin = await startOrigin((socket) => socket.pipe(socket))
  const { gateway, open } = await startGateway(fileOf([origin.port]))
  const [ending, staying] = [open(), open()]
  await until(() => inFlight(gateway)[0] === 2)
  const stopped = gateway.stop()
  ending.end('bye')
  assert.equal(await readAll(ending), 'bye')
  assert.equal(await endOf(staying), 'ECONNRESET')
  await stopped
  origin.close()
})

test('a half-closed connection on which nobody says anything more is ended', async () => {
  const origin = await startOrigin(() => {})
  const { gateway, open } = await startGateway(fileOf([origin.port]), {
    halfClosedTimeoutMs: 200,
  })
  try {
    const socket = open()
    socket.end('x')
    assert.equal(await endOf(socket), 'ECONNRESET')
    await until(() => inFlight(gateway)[0] === 0)
  } finally {
    await gateway.stop()
    origin.close()
  }
})

test('a port that no service has any more ends connections at once', async () => {
  const origin = await startOrigin((socket) => socket.pipe(socket))
  const { gateway, open } = await startGateway(fileOf([origin.port]))
  try {
    const file = fileOf([origin.port], { version: 2, tcp: [{ port: 0, fd: 4, service: null }] })
    gateway.apply(file)
    assert.equal(await endOf(open()), 'end')
  } finally {
    await gateway.stop()
    origin.close()
  }
})
