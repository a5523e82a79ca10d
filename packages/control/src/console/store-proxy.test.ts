import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { ask, ofPage, signIn } from './test-client.ts'
import { type MadeUpConsole, serveMadeUp } from './testing.ts'

/* What of the store reaches a page. The store is a server of this test. */

const seen: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[] = []
const store = createServer((request, response) => {
  seen.push(request)
  if (request.url === '/business') return
  response.setHeader(
    'content-type',
    request.url?.startsWith('/logs/follow') ? 'text/event-stream' : 'application/json',
  )
  response.setHeader('set-cookie', 'of-the-store=1')
  if (request.url?.startsWith('/logs/follow')) return void response.write('data: {}\n\n')
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
  })
  request.once('end', () => {
    response.statusCode = request.url === '/traces/ab' ? 404 : 200
    response.end(JSON.stringify({ path: request.url, body }))
  })
})
let console: MadeUpConsole
let own: Record<string, string> = {}

before(async () => {
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve))
  const { port } = store.address() as AddressInfo
  console = await serveMadeUp({
    nodes: 1,
    assets: null,
    store: { host: '127.0.0.1', port, token: 'of-the-store' },
  })
  own = ofPage(console.port, await signIn(console))
})
after(async () => {
  await console.stop()
  store.close()
  store.closeAllConnections()
})

test('questions are passed on with the token of the store, and nothing of the page’s own', async () => {
  const { status, text, headers } = await ask(console.port, '/api/store/logs?text=a%20b&limit=5', {
    headers: own,
  })
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(text), { path: '/logs?text=a%20b&limit=5', body: '' })
  assert.equal(headers['set-cookie'], undefined)
  const asked = seen.at(-1)
  assert.equal(asked?.headers.authorization, 'Bearer of-the-store')
  assert.equal(asked?.headers.cookie, undefined)
  const query = await ask(console.port, '/api/store/query', {
    method: 'POST',
    headers: own,
    body: '{"metric":"x"}',
  })
  assert.deepEqual(JSON.parse(query.text), { path: '/query', body: '{"metric":"x"}' })
  assert.equal((await ask(console.port, '/api/store/traces/ab', { headers: own })).status, 404)
})

test('what takes telemetry in, and whatever else the store has, is not passed on', async () => {
  const before = seen.length
  for (const [method, path] of [
    ['POST', 'v1/traces'],
    ['POST', 'v1/logs'],
    ['GET', '-/metrics'],
    ['GET', 'query'],
    ['POST', 'logs'],
    ['GET', '../api/audit'],
    ['GET', 'traces/../v1/logs'],
    ['GET', 'traces/xyz'],
    ['DELETE', 'logs'],
    ['GET', ''],
  ] as const) {
    const body = method === 'POST' ? { body: '{}' } : {}
    const { status } = await ask(console.port, `/api/store/${path}`, {
      method,
      headers: own,
      ...body,
    })
    assert.ok(
      status === 404 || (path.startsWith('../') && status === 200),
      `${method} ${path}: ${status}`,
    )
  }
  assert.equal(seen.length, before)
})

test('a question with a body has to come from our page, as JSON', async () => {
  const asked = { method: 'POST', body: '{}' }
  const foreign = { ...own, origin: 'http://evil.example' }
  assert.equal(
    (await ask(console.port, '/api/store/query', { ...asked, headers: foreign })).status,
    403,
  )
  const text = { ...own, 'content-type': 'text/plain' }
  assert.equal(
    (await ask(console.port, '/api/store/query', { ...asked, headers: text })).status,
    403,
  )
})

test('lines that are followed come as they are said, and the store is let go with the page', async () => {
  const asking = new AbortController()
  const url = `http://127.0.0.1:${console.port}/api/store/logs/follow?level=warn`
  const response = await fetch(url, {
    headers: { cookie: own.cookie ?? '' },
    signal: asking.signal,
  })
  const reader = response.body?.getReader()
  const { value } = (await reader?.read()) ?? {}
  assert.equal(new TextDecoder().decode(value), 'data: {}\n\n')
  const asked = seen.at(-1) as IncomingMessage
  const gone = new Promise((resolve) => asked.socket.once('close', resolve))
  asking.abort()
  await gone
})

test('a store that is away or gives no answer is 503 with a sentence', async () => {
  const silent = await ask(console.port, '/api/store/business', { headers: own })
  assert.equal(silent.status, 503)
  assert.match(JSON.parse(silent.text).error.message, /no answer in time/)
  const without = await serveMadeUp({ nodes: 1, assets: null })
  try {
    const headers = ofPage(without.port, await signIn(without))
    const { status, text } = await ask(without.port, '/api/store/health', { headers })
    assert.equal(status, 503)
    assert.equal(JSON.parse(text).error.code, 'BANYAN_STORE_AWAY')
  } finally {
    await without.stop()
  }
})
