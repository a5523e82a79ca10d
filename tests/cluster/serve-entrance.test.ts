import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ServeStatus } from '@banyan/model'
import { RawConnection, type ServeProcess, startServe, until } from './serve-process.ts'
import { bindSocket, controlToken, metricsToken, writeSystemFile } from './serve-socket.ts'

const limits = { keepAliveTimeoutMs: 500 }

const privateUrlOf = (running: ServeProcess): string =>
  String(running.logs().find(({ msg }) => msg === 'listening')?.privateUrl)

const control = (url: string, token = controlToken, options: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/-/control`, { ...options, headers: { authorization: `Bearer ${token}` } })

test('with a passed socket and a port both are answered alike, and a stop closes both', async () => {
  using socket = bindSocket()
  await using running = await startServe({
    app: 'listener',
    env: { LISTEN_FDS: '1', HOST: '127.9.8.7', PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe', socket.fd],
    serve: { limits },
  })
  assert.equal(running.port, socket.port, 'the url is the public one')
  const privateUrl = privateUrlOf(running)
  assert.match(privateUrl, /^http:\/\/127\.9\.8\.7:\d+$/)
  for (const url of [running.url, privateUrl]) {
    assert.equal((await fetch(`${url}/-/ready`)).headers.get('banyan-ready'), 'true')
    const answer = await fetch(`${url}/`, { headers: { 'x-request-id': 'abc-1' } })
    assert.deepEqual(await answer.json(), { id: 'abc-1', loggedId: 'abc-1' })
    const late = await fetch(`${url}/`, { method: 'POST', body: 'x'.repeat(1_048_577) })
    assert.equal(late.status, 413)
  }
  const slow = [running.url, privateUrl].map((url) => fetch(`${url}/slow?ms=400`))
  await new Promise((resolve) => setTimeout(resolve, 100))
  running.kill('SIGTERM')
  await until(() => running.logs().some(({ msg }) => msg === 'stopping'))
  await assert.rejects(fetch(`${privateUrl}/`))
  for (const answer of await Promise.all(slow)) {
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('connection'), 'close')
  }
  assert.equal(await running.ended, 0)
})

test('a private port that is taken is refused before anybody is accepted from the public socket', async () => {
  await using other = await startServe({ app: 'listener' })
  using socket = bindSocket()
  const start = startServe({
    app: 'listener',
    env: { LISTEN_FDS: '1', PORT: String(other.port) },
    stdio: ['ignore', 'pipe', 'pipe', socket.fd],
  })
  await assert.rejects(start, /ended with 1[\s\S]*BANYAN_PORT_TAKEN/)
  await assert.rejects(RawConnection.open(socket.port), /ECONNREFUSED/)
})

test('control is told what was answered at the private address, with its token', async () => {
  using socket = bindSocket()
  using system = writeSystemFile()
  await using running = await startServe({
    app: 'listener',
    env: { LISTEN_FDS: '1', PORT: '0', BANYAN_SYSTEM: system.path },
    stdio: ['ignore', 'pipe', 'pipe', socket.fd],
  })
  const privateUrl = privateUrlOf(running)
  const status = async (): Promise<unknown> => {
    const { answers, ...rest } = (await (await control(privateUrl)).json()) as Required<ServeStatus>
    assert.deepEqual({ sent: answers.sent, failed: answers.failed }, rest.requests)
    assert.equal(
      answers.latency.reduce((all, count) => all + count, 0),
      answers.sent,
    )
    return rest
  }
  const none = { requests: { sent: 0, failed: 0 }, inFlight: 0, webSockets: 0 }
  assert.deepEqual(await status(), none)

  for (const path of ['/-/live', '/-/ready', '/-/unknown', '/-/control']) {
    await fetch(`${running.url}${path}`)
  }
  assert.deepEqual(await status(), none, 'probes are not counted')

  await fetch(`${running.url}/-/prove`, { headers: { authorization: 'Bearer p' } })
  await fetch(`${running.url}/`)
  await fetch(`${privateUrl}/`)
  await fetch(`${running.url}/throw`)
  await fetch(`${running.url}/half`).then((answer) => answer.text().catch(() => {}))
  const slow = fetch(`${running.url}/slow?ms=300`)
  const gone = new AbortController()
  const left = fetch(`${running.url}/slow?ms=60000`, { signal: gone.signal }).catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 100))
  const counted = { requests: { sent: 5, failed: 2 }, inFlight: 2, webSockets: 0 }
  assert.deepEqual(await status(), counted, 'a 500 and a cut answer failed')
  await slow
  gone.abort()
  await left
  await new Promise((resolve) => setTimeout(resolve, 50))
  const after = { requests: { sent: 7, failed: 2 }, inFlight: 0, webSockets: 0 }
  assert.deepEqual(await status(), after, 'a client that leaves has failed by itself')

  assert.equal((await control(running.url)).status, 404, 'nothing private is there from outside')
  for (const token of ['', 'x', `${controlToken}x`]) {
    assert.equal((await control(privateUrl, token)).status, 404)
  }
  assert.equal((await fetch(`${privateUrl}/-/control`)).status, 404)
  assert.equal((await control(privateUrl, controlToken, { method: 'POST' })).status, 405)
})

test('metrics are at the private address alone, with their own token', async () => {
  using socket = bindSocket()
  using system = writeSystemFile()
  await using running = await startServe({
    app: 'listener',
    env: { LISTEN_FDS: '1', PORT: '0', BANYAN_SYSTEM: system.path },
    stdio: ['ignore', 'pipe', 'pipe', socket.fd],
  })
  const privateUrl = privateUrlOf(running)
  const ask = (url: string, token: string): Promise<Response> =>
    fetch(`${url}/-/metrics`, { headers: { authorization: `Bearer ${token}` } })
  await fetch(`${running.url}/`)
  const answer = await ask(privateUrl, metricsToken)
  assert.equal(answer.status, 200)
  const counted =
    /^http_server_request_duration_seconds_count\{http_request_method="GET",http_response_status_code="200"\} 1$/m
  assert.match(await answer.text(), counted, 'what came by the public socket is measured')
  assert.equal((await ask(privateUrl, controlToken)).status, 404)
  const refused = await ask(running.url, metricsToken)
  assert.equal(refused.status, 404)
  assert.doesNotMatch(await refused.text(), /http_server/)
})

test('pipelined requests are each counted once', async () => {
  using system = writeSystemFile()
  await using running = await startServe({ app: 'listener', env: { BANYAN_SYSTEM: system.path } })
  const client = await RawConnection.open(running.port)
  client.send('GET /slow?ms=100 HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3))
  for (let n = 0; n < 3; n += 1) assert.equal((await client.answer()).status, 200)
  client.destroy()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const { requests } = (await (await control(running.url)).json()) as { requests: unknown }
  assert.deepEqual(requests, { sent: 3, failed: 0 })
})

test('without a token in the system file there is no control, whatever is sent', async () => {
  await using running = await startServe({ app: 'listener' })
  assert.equal((await control(running.url, 'undefined')).status, 404)
  assert.equal((await control(running.url, '')).status, 404)
})

test('a socket that is the only entrance tells nobody anything', async () => {
  using socket = bindSocket()
  using system = writeSystemFile()
  await using running = await startServe({
    app: 'listener',
    env: { LISTEN_FDS: '1', PORT: '', BANYAN_SYSTEM: system.path },
    stdio: ['ignore', 'pipe', 'pipe', socket.fd],
  })
  assert.equal((await control(running.url)).status, 404)
})

test('a socket that a wrapper kept leaves the port, with a warning that says why', async () => {
  using system = writeSystemFile()
  await using running = await startServe({
    app: 'listener',
    env: { LISTEN_FDS: '1', PORT: '0', BANYAN_SYSTEM: system.path },
  })
  assert.equal((await fetch(`${running.url}/`)).status, 200)
  const warning = running.logs().find(({ level }) => level === 'warn')
  assert.match(String(warning?.reason), /descriptor 3/)
  assert.equal((await control(running.url)).status, 200, 'the port is private then')
})

test('a channel to the parent, as tsx opens it, is not taken for the socket', async () => {
  const script = fileURLToPath(new URL('./serve-apps.ts', import.meta.url))
  const env = { ...process.env, LISTEN_FDS: '1', HOST: '', PORT: '0', LOG_LEVEL: 'info' }
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'] as const
  const child = spawn(process.execPath, [script, 'listener'], { env, stdio: [...stdio] })
  try {
    let output = ''
    child.stdout?.on('data', (piece: Buffer) => {
      output += piece
    })
    await until(() => output.includes('"listening"'))
    assert.match(output, /descriptor 3 is the channel to the parent process/)
    assert.equal(child.connected, true)
    const ended = once(child, 'exit')
    child.disconnect()
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  } finally {
    child.kill('SIGKILL')
  }
})

test('a connected socket in the place of the passed one leaves the port as well', async () => {
  await using other = await startServe({ app: 'listener' })
  const { connect } = await import('node:net')
  const connected = connect(other.port, '127.0.0.1')
  await once(connected, 'connect')
  const { fd } = (connected as unknown as { _handle: { fd: number } })._handle
  await using running = await startServe({
    app: 'listener',
    env: { LISTEN_FDS: '1', PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe', fd],
  })
  assert.notEqual(running.port, other.port)
  assert.equal((await fetch(`${running.url}/`)).status, 200)
  connected.destroy()
})

test('control has a process give up connections, each with its next answer, and none is cut', async () => {
  using socket = bindSocket()
  using system = writeSystemFile()
  await using running = await startServe({
    app: 'listener',
    env: { LISTEN_FDS: '1', PORT: '0', BANYAN_SYSTEM: system.path },
    stdio: ['ignore', 'pipe', 'pipe', socket.fd],
  })
  const tell = (body: unknown, token = controlToken): Promise<Response> =>
    fetch(`${privateUrlOf(running)}/-/control`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
      body: JSON.stringify(body),
    })
  const clients = await Promise.all(
    Array.from({ length: 10 }, () => RawConnection.open(running.port)),
  )
  for (const client of clients) await client.get('/')
  assert.equal((await tell({ letGo: 0.2 }, 'x')).status, 404)
  for (const body of [{}, { letGo: 2 }, { letGo: '1' }, 7, 'x'.repeat(5_000)]) {
    assert.equal((await tell(body)).status, 400)
  }
  assert.deepEqual(await (await tell({ letGo: 0.2 })).json(), { letGo: 3 }, 'with its own one')
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(clients.every(({ closed }) => !closed))
  const answers = await Promise.all(clients.map((client) => client.get('/')))
  const ends = answers.filter(({ headers }) => headers.connection === 'close')
  assert.equal(ends.length, 3)
  assert.ok(answers.every(({ status }) => status === 200))
  for (const client of clients) client.destroy()
})
