import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { countBeyond, quantile } from '@banyan/model'
import { Connections } from './connections.ts'

const head = 'HTTP/1.1\r\nHost: x\r\n\r\n'

async function running(listener: RequestListener) {
  const server = createServer((request, response) => {
    connections.answering(request.socket, response, request.url !== '/-/ready')
    listener(request, response)
  })
  const connections = new Connections(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const close = (): void => {
    client.destroy()
    server.close()
  }
  return { connections, client, [Symbol.dispose]: close }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5)
}

test('an answer is timed from its request to its last byte, however long its connection stays', async () => {
  using it = await running((request, response) => {
    setTimeout(() => response.end('.'), request.url === '/slow' ? 120 : 0)
  })
  for (const path of ['/quick', '/slow', '/quick', '/-/ready']) {
    it.client.write(`GET ${path} ${head}`)
    await once(it.client, 'data')
  }
  await sleep(300)
  const { answers } = it.connections
  assert.equal(answers.sent, 3)
  assert.equal(countBeyond(answers, 90), 1)
  assert.ok(quantile(answers, 1) < 300, `${quantile(answers, 1)} ms`)
  // The last one is counted while its connection is open, and the same once it is not.
  it.client.destroy()
  await sleep(50)
  assert.deepEqual(it.connections.answers, answers)
})

test('pipelined answers are timed each by itself', async () => {
  const waits = [80, 160]
  using it = await running((_request, response) => {
    setTimeout(() => response.end('.'), waits.shift())
  })
  it.client.write(`GET / ${head}`.repeat(2))
  await until(() => it.connections.answers.sent === 2)
  const { answers } = it.connections
  assert.equal(countBeyond(answers, 60), 2)
  assert.equal(countBeyond(answers, 130), 1)
})

test('answers of 500 and answers that the server cut have failed, with their time', async () => {
  using it = await running((request, response) => {
    if (request.url === '/cut') return void setTimeout(() => request.socket.destroy(), 60)
    response.writeHead(500).end()
  })
  it.client.write(`GET /bad ${head}`)
  await once(it.client, 'data')
  it.client.write(`GET /cut ${head}`)
  await once(it.client, 'close')
  await until(() => it.connections.answers.sent === 2)
  const { answers } = it.connections
  assert.equal(answers.failed, 2)
  assert.equal(countBeyond(answers, 45), 1)
})
