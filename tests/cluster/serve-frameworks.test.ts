import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawConnection, startServe, until } from './serve-process.ts'

const everyFramework = [
  'fastify',
  'express',
  'hono',
  'fetch-function',
  'fetch-object',
  'listener',
  'server',
]

for (const app of everyFramework) {
  test(`an app of the kind ${app} is served, logged by id and stopped in order`, async () => {
    await using running = await startServe({
      app,
      serve: { limits: { keepAliveTimeoutMs: 1_000 } },
    })
    const ready = await fetch(`${running.url}/-/ready`)
    assert.equal(ready.status, 200)
    assert.equal(ready.headers.get('banyan-ready'), 'true')

    const own = await fetch(`${running.url}/?token=hush`, { headers: { 'x-request-id': 'abc-1' } })
    assert.equal(own.headers.get('x-request-id'), 'abc-1')
    assert.deepEqual(await own.json(), { id: 'abc-1', loggedId: 'abc-1' })

    const made = await fetch(`${running.url}/`)
    const id = made.headers.get('x-request-id')
    assert.match(String(id), /^[\w-]{10,40}$/)
    assert.deepEqual(await made.json(), { id, loggedId: id })

    const posted = await fetch(`${running.url}/context`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer hush' },
      body: JSON.stringify({ password: 'hush' }),
    })
    const answer = (await posted.json()) as { loggedId: unknown }
    assert.equal(answer.loggedId, posted.headers.get('x-request-id'))

    await until(() => running.logs().filter(({ msg }) => msg === 'request finished').length === 3)
    const [line] = running.logs().filter(({ msg }) => msg === 'request finished')
    assert.deepEqual(
      {
        reqId: line?.reqId,
        method: line?.method,
        path: line?.path,
        status: line?.status,
      },
      { reqId: 'abc-1', method: 'GET', path: '/', status: 200 },
    )
    assert.equal(typeof line?.durationMs, 'number')
    assert.doesNotMatch(running.output(), /hush/, 'no query, header or body is logged')

    const slow = fetch(`${running.url}/slow?ms=300`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    running.kill('SIGTERM')
    const answered = await slow
    assert.deepEqual(await answered.json(), { slow: true })
    assert.equal(answered.headers.get('connection'), 'close')
    assert.equal(await running.ended, 0)
  })
}

for (const [app, path] of [
  ...everyFramework.map((kind) => [kind, '/context']),
  ['listener', '/listeners'],
] as [string, string][]) {
  test(`what runs after a body that came late knows its request, at ${path} of the kind ${app}`, async () => {
    await using running = await startServe({ app })
    const connection = await RawConnection.open(running.port)
    // Two requests on one connection: the second must not be taken for the first.
    for (let n = 0; n < 2; n += 1) {
      connection.send(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n`,
      )
      await new Promise((resolve) => setTimeout(resolve, 30))
      connection.send('{')
      await new Promise((resolve) => setTimeout(resolve, 30))
      connection.send('}')
      const answer = await connection.answer()
      assert.equal(JSON.parse(answer.body).loggedId, answer.headers['x-request-id'])
    }
    connection.destroy()
  })
}

test('two ids that differ in case of the header reach a fetch handler as one', async () => {
  await using running = await startServe({ app: 'fetch-function' })
  const connection = await RawConnection.open(running.port)
  connection.send(
    'GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: bad id\r\nx-request-ID: worse"\r\n\r\n',
  )
  const answer = await connection.answer()
  const id = answer.headers['x-request-id']
  assert.match(String(id), /^[\w-]+$/)
  assert.deepEqual(JSON.parse(answer.body), { id, loggedId: id })
  connection.destroy()
})

for (const app of ['listener', 'fetch-function', 'fastify']) {
  test(`an error in a handler of the kind ${app} is a 500 without a stack, and is logged`, async () => {
    await using running = await startServe({ app })
    const answer = await fetch(`${running.url}/throw`)
    assert.equal(answer.status, 500)
    const body = await answer.text()
    assert.doesNotMatch(body, /at |\.ts/)
    if (app === 'fastify') return
    assert.deepEqual(JSON.parse(body).error.code, 'BANYAN_HANDLER_FAILED')
    assert.doesNotMatch(body, /secret/)
    const failed = () => running.logs().find(({ msg }) => msg === 'request handler failed')
    await until(() => failed() !== undefined)
    assert.equal(failed()?.reqId, answer.headers.get('x-request-id'))
    assert.match(JSON.stringify(failed()?.err), /secret[\s\S]*serve-apps/)
  })
}

for (const app of ['listener', 'fetch-function']) {
  test(`the status of an error and when to retry are respected for the kind ${app}`, async () => {
    await using running = await startServe({ app })
    const answer = await fetch(`${running.url}/busy`)
    assert.equal(answer.status, 503)
    assert.equal(answer.headers.get('retry-after'), '2')
    const body = await answer.text()
    assert.equal(JSON.parse(body).error.code, 'BANYAN_DATABASE_UNAVAILABLE')
    assert.doesNotMatch(body, /secret/)
  })
}

test('an error after half an answer cuts the connection, so that nobody takes it for whole', async () => {
  await using running = await startServe({ app: 'listener' })
  const answer = await fetch(`${running.url}/half`)
  await assert.rejects(answer.text())
  assert.equal((await fetch(`${running.url}/`)).status, 200)
  await until(() => running.logs().some(({ msg }) => msg === 'request aborted'))
})

test('a fetch handler that returns no Response is a 500 that says so in the log', async () => {
  await using running = await startServe({ app: 'fetch-object' })
  assert.equal((await fetch(`${running.url}/nothing`)).status, 500)
  await until(() => running.output().includes('undefined instead of a Response'))
})

test('a (request, env) function that returns a Response is told how to say what it is', async () => {
  await using running = await startServe({ app: 'request-and-env' })
  assert.equal((await fetch(`${running.url}/`)).status, 500)
  await until(() => running.output().includes('serve({ fetch: handler })'))
})

for (const app of ['fastify', 'server']) {
  test(`an upgrade reaches the listeners of the kind ${app}, and lives on through a stop for as long as the client wants`, async () => {
    await using running = await startServe({ app })
    const connection = await RawConnection.open(running.port)
    connection.send('GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    await until(() => connection.received.includes('to /chat '))
    assert.match(connection.received, /^HTTP\/1.1 101 /)
    connection.send('ping')
    await until(() => connection.received.endsWith('ping'))
    running.kill('SIGTERM')
    await until(() => running.logs().some(({ msg }) => msg === 'stopping'))
    connection.send('pong')
    await until(() => connection.received.endsWith('pong'))
    const began = performance.now()
    connection.destroy()
    assert.equal(await running.ended, 0)
    assert.ok(performance.now() - began < 3_000)
  })
}

test('without an upgrade listener an upgrade request is an ordinary one', async () => {
  await using running = await startServe({ app: 'listener' })
  const connection = await RawConnection.open(running.port)
  connection.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
  assert.equal((await connection.answer()).status, 200)
  connection.destroy()
})

test("Fastify's close hooks run after the last request", async () => {
  await using running = await startServe({ app: 'fastify' })
  const slow = fetch(`${running.url}/slow?ms=200`)
  await new Promise((resolve) => setTimeout(resolve, 50))
  running.kill('SIGTERM')
  assert.equal((await slow).status, 200)
  await running.ended
  const said = running.logs().map(({ msg }) => msg)
  assert.ok(said.indexOf('close hook ran') > said.indexOf('request finished'), said.join(', '))
})
