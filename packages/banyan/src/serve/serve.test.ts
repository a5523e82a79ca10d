import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import Fastify from 'fastify'
import { serve } from './serve.ts'

process.env.LOG_LEVEL = 'silent'
process.env.PORT = '0'
const options = { ownProcess: false, limits: { keepAliveTimeoutMs: 100 } }

test('requests that come before the app is ready wait for it, and the probe says so', async () => {
  const app = Fastify()
  const gate = Promise.withResolvers<void>()
  const listening = Promise.withResolvers<number>()
  app.get('/', async () => 'ready')
  app.addHook('onReady', async () => {
    listening.resolve(0)
    await gate.promise
  })
  const port = await freePort()
  process.env.PORT = String(port)
  const serving = serve(app, options)
  process.env.PORT = '0'
  await listening.promise
  const url = `http://127.0.0.1:${port}`
  const early = fetch(`${url}/`)
  assert.equal((await fetch(`${url}/-/live`)).status, 200)
  const probe = await fetch(`${url}/-/ready`)
  assert.equal(probe.status, 503)
  assert.deepEqual(await probe.json(), { ready: false, phase: 'starting' })
  gate.resolve()
  const handle = await serving
  assert.equal(handle.port, port)
  assert.equal(await (await early).text(), 'ready')
  assert.equal((await fetch(`${url}/-/ready`)).status, 200)
  await handle.stop()
})

test('an app that cannot get ready makes serve fail with its error and frees the port', async () => {
  const app = Fastify()
  app.addHook('onReady', async () => {
    throw new Error('no such table')
  })
  const port = await freePort()
  process.env.PORT = String(port)
  await assert.rejects(serve(app, options), /no such table/)
  const handle = await serve((_request, response) => response.end(), options)
  process.env.PORT = '0'
  assert.equal(handle.port, port)
  await handle.stop()
})

test('an app that listens already is refused', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const serving = serve(server, options)
  server.close()
  await assert.rejects(serving, { code: 'BANYAN_SERVE_LISTENING' })
})

test('a stop that is asked for twice is one stop', async () => {
  let closed = 0
  const app = Fastify()
  app.addHook('onClose', async () => {
    closed += 1
  })
  const handle = await serve(app, options)
  await Promise.all([handle.stop(), handle.stop()])
  assert.equal(closed, 1)
})

test('close hooks that never end make the stop fail in time', async () => {
  const app = Fastify()
  app.addHook('onClose', () => new Promise<void>(() => {}))
  const handle = await serve(app, { ...options, stopTimeoutMs: 300 })
  await assert.rejects(handle.stop(), /close hooks/)
})

async function freePort(): Promise<number> {
  const handle = await serve((_request, response) => response.end(), options)
  await handle.stop()
  return handle.port
}
