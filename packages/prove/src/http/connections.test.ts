import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type StrictOptions, StrictServer } from '../testing/strict-server.ts'
import { Connections } from './connections.ts'
import { NoAnswer } from './failures.ts'

async function withServer(
  options: StrictOptions,
  use: (connections: Connections, server: StrictServer) => Promise<void>,
  keepAlive = 1,
): Promise<void> {
  const server = await new StrictServer(options).start()
  const now = () => performance.now()
  const connections = new Connections(server.url, { keepAlive, timeoutMs: 5_000, now })
  try {
    await use(connections, server)
  } finally {
    await connections.close()
    await server.close()
  }
}

const send = (connections: Connections, path = '/', method = 'GET', alone = false) =>
  connections.send({ method, path, headers: {}, body: null }, alone)

/** The server is a thread of its own, whose word of a request may come after its answer. */
async function connectionsIn({ seen }: StrictServer, count: number): Promise<number[]> {
  const deadline = performance.now() + 20_000
  while (seen.length < count && performance.now() < deadline) await delay(5)
  return seen.map(({ connection }) => connection)
}

/** Nothing of ours runs meanwhile, timers neither; the server goes on. */
const standStill = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

test('a connection is used again within the announced time, and not shortly before its end', async () => {
  await withServer({ announcedSeconds: 2 }, async (connections, server) => {
    await send(connections)
    await delay(700)
    await send(connections)
    await delay(1_100)
    await send(connections)
    assert.deepEqual(await connectionsIn(server, 3), [0, 0, 1])
  })
})

test('it is not used after its time when this process was kept from running', async () => {
  await withServer({ announcedSeconds: 2 }, async (connections, server) => {
    await send(connections)
    for (const pauseMs of [1_200, 1_990, 2_100]) {
      standStill(pauseMs)
      await send(connections)
    }
    assert.deepEqual(await connectionsIn(server, 4), [0, 1, 2, 3])
  })
})

test('where one second is announced, and kept to, no request fails', async () => {
  const use = async (connections: Connections, { seen }: StrictServer) => {
    for (let count = 0; count < 60; count++) {
      await send(connections)
      await delay(10 + (count % 6) * 10)
    }
    assert.ok(seen.every(({ idleMs }) => idleMs === null || idleMs < 1_000))
  }
  await withServer({ announcedSeconds: 1 }, use, 20)
})

test('after "Connection: close" the next request goes on another connection', async () => {
  await withServer({ announcedSeconds: 5, closing: '/last' }, async (connections, server) => {
    await send(connections)
    await send(connections, '/last')
    await send(connections)
    assert.deepEqual(await connectionsIn(server, 3), [0, 0, 1])
  })
})

test('one that waited for a connection that is closed meanwhile is sent on another', async () => {
  await withServer({ announcedSeconds: 5, closing: '/last' }, async (connections, server) => {
    await Promise.all([send(connections, '/last'), send(connections), send(connections)])
    assert.deepEqual(await connectionsIn(server, 3), [0, 1, 1])
  })
})

test('a client of one request says so, and has a connection of its own', async () => {
  await withServer({ announcedSeconds: 5 }, async (connections, server) => {
    for (let count = 0; count < 3; count++) await send(connections, '/', 'GET', true)
    assert.deepEqual(await connectionsIn(server, 3), [0, 1, 2])
    assert.ok(server.seen.every(({ connectionHeader }) => connectionHeader === 'close'))
    assert.equal(connections.counts.oneRequest, 3)
  })
})

for (const alone of [true, false]) {
  const how = alone ? 'a connection of its own' : 'a kept connection'
  test(`what is cut on ${how} is never sent again`, async () => {
    await withServer({ announcedSeconds: 5, cutting: '/cut' }, async (connections, server) => {
      await send(connections)
      for (const method of ['GET', 'PUT', 'POST']) {
        await assert.rejects(send(connections, '/cut', method, alone), NoAnswer)
      }
      await delay(50)
      assert.equal(server.seen.filter(({ path }) => path === '/cut').length, 3)
    })
  })
}
