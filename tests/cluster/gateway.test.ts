// The gateway as control uses it: the program, its private address, draining, and what servers are told.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import {
  answer,
  backend,
  gatewayFile,
  scriptedServer,
  startGateway,
  startGatewayProcess,
  startOrigin,
  token,
} from './gateway-setup.ts'
import { RawConnection, until } from './serve-process.ts'

const ok = () =>
  scriptedServer(({ socket, bytes }) => {
    if (bytes.endsWith('\r\n\r\n')) answer(socket, 'ok')
  })

test('the program takes the passed socket, answers at its private address, and takes changes', async () => {
  await using first = await ok()
  await using second = await ok()
  const file = gatewayFile([backend(first.port)])
  await using running = await startGatewayProcess(file)
  const privately = `http://127.0.0.1:${running.privatePort}`
  const ready = await fetch(`${privately}/-/ready`)
  assert.equal(ready.headers.get('banyan-ready'), 'true')
  assert.deepEqual(await ready.json(), { ready: true })
  assert.equal(await (await fetch(`http://127.0.0.1:${running.port}/`)).text(), 'ok')
  assert.equal((await running.status()).requests.sent, 1)

  assert.equal((await fetch(`${privately}/-/gateway`)).status, 401)
  assert.equal((await running.put(file, 'wrong')).status, 401)
  assert.equal((await running.put('{')).status, 400)
  assert.equal((await running.put({ ...file, version: 2, backends: [{}] })).status, 400)
  assert.equal((await running.put({ ...file, version: 0 })).status, 409)
  assert.equal((await running.status()).version, 1, 'what was refused changed nothing')

  const listen = { host: '127.0.0.1', port: running.privatePort }
  const next = { ...file, listen, version: 2, backends: [backend(second.port)] }
  const put = await running.put(next)
  assert.equal(put.status, 200)
  assert.equal(((await put.json()) as { version: number }).version, 2)
  assert.equal(await (await fetch(`http://127.0.0.1:${running.port}/`)).text(), 'ok')
  assert.match(second.seen(), /^GET \/ HTTP/)
  assert.doesNotMatch(running.output(), new RegExp(token), 'the token is in no log')
})

test('a gateway without its file or its socket says so and ends with 1', async () => {
  const { spawnSync } = await import('node:child_process')
  const { fileURLToPath } = await import('node:url')
  const program = fileURLToPath(import.meta.resolve('@banyan/gateway/main'))
  const env = { ...process.env, LISTEN_FDS: '1', BANYAN_SYSTEM: '/nowhere/gateway.json' }
  const { status, stdout } = spawnSync(process.execPath, [program], { env, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stdout, /BANYAN_GATEWAY_FILE_INVALID/)
})

test('after SIGKILL of the gateway new connections wait for the next one', async () => {
  await using server = await ok()
  await using running = await startGatewayProcess(gatewayFile([backend(server.port)]))
  const url = `http://127.0.0.1:${running.port}/`
  assert.equal((await fetch(url)).status, 200)
  running.kill('SIGKILL')
  await running.ended()
  const begun = performance.now()
  // The test holds the socket as the holder does; it was listened on, so the kernel takes connections.
  const waiting = Array.from({ length: 20 }, () => fetch(url))
  await running.again()
  const statuses = (await Promise.all(waiting)).map(({ status }) => status)
  assert.ok(statuses.every((status) => status === 200))
  const ms = Math.round(performance.now() - begun)
  assert.ok(ms < 3_000, `it took ${ms} ms`)
})

test('SIGTERM: what is under way is answered, idle connections are kept as promised, then it ends with 0', async () => {
  await using server = await startOrigin()
  const file = gatewayFile([backend(server.port)], { drainTimeoutMs: 10_000 })
  await using running = await startGatewayProcess(file)
  const [busy, idle] = [
    await RawConnection.open(running.port),
    await RawConnection.open(running.port),
  ]
  assert.equal((await idle.get('/')).status, 200)
  busy.send('GET /slow?ms=500 HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(() => server.count() === 2)
  running.kill('SIGTERM')
  await until(() => running.output().includes('"stopping"'))
  const ready = await fetch(`http://127.0.0.1:${running.privatePort}/-/ready`)
  assert.equal(ready.status, 503)
  assert.equal(ready.headers.get('banyan-ready'), 'false')
  const last = await busy.answer()
  assert.equal(last.status, 200)
  assert.equal(last.headers.connection, 'close')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  assert.equal(idle.closed, false, 'its client may still count on it')
  const onIdle = await idle.get('/')
  assert.equal(onIdle.status, 200)
  assert.equal(onIdle.headers.connection, 'close')
  assert.equal(await running.ended(), 0)
  assert.equal(busy.failure, null)
  assert.equal(idle.failure, null)
})

test('a server that drains gets nothing new, and answers what it has', async () => {
  await using first = await startOrigin()
  await using second = await startOrigin()
  const file = gatewayFile([backend(first.port), backend(second.port)])
  await using running = await startGateway(file)
  const url = `http://127.0.0.1:${running.port}`
  const slow = fetch(`${url}/slow?ms=300`)
  await until(() => first.count() === 1)
  const draining = backend(first.port, { state: 'drain' })
  running.gateway.apply({ ...file, version: 2, backends: [draining, backend(second.port)] })
  for (let n = 0; n < 6; n++) assert.equal((await fetch(url)).status, 200)
  assert.equal((await slow).headers.get('x-pid'), String(first.pid))
  assert.deepEqual([first.count(), second.count()], [1, 6])
  const [status] = running.gateway.status.backends
  assert.deepEqual([status?.state, status?.healthy, status?.inFlight], ['drain', true, 0])
})

test('changes of the list under load fail no request', async () => {
  await using first = await startOrigin()
  await using second = await startOrigin()
  const [a, b] = [backend(first.port), backend(second.port)]
  const file = gatewayFile([a, b])
  await using running = await startGateway(file)
  let stopped = false
  const statuses = new Map<unknown, number>()
  const loops = Array.from({ length: 8 }, async (_, n) => {
    while (!stopped) {
      const method = n % 2 === 0 ? 'POST' : 'GET'
      const sent = fetch(`http://127.0.0.1:${running.port}/`, { method })
      const { status } = await sent.catch((error: unknown) => ({ status: error }))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  })
  const lists = [[a], [a, b], [b], [{ ...a, state: 'drain' as const }, b], [a, b]]
  for (let version = 2; version < 42; version++) {
    const backends = lists[version % lists.length] ?? []
    running.gateway.apply({ ...file, version, backends })
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  stopped = true
  await Promise.all(loops)
  assert.deepEqual([...statuses.keys()], [200])
})

const sentHeaders = async (
  headers: Record<string, string | string[]>,
  trustedProxies: string[] = [],
): Promise<Record<string, string>> => {
  await using server = await ok()
  await using running = await startGateway(gatewayFile([backend(server.port)], { trustedProxies }))
  await new Promise<void>((resolve, reject) => {
    const asked = request({ port: running.port, host: '127.0.0.1', headers, agent: false })
    asked.on('response', (response) => response.resume().on('end', resolve))
    asked.on('error', reject)
    asked.end()
  })
  const [head = ''] = server.seen().split('\r\n\r\n')
  return Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => {
        const colon = line.indexOf(': ')
        return [line.slice(0, colon), line.slice(colon + 2)]
      }),
  )
}

const said = {
  host: 'app.example',
  'x-forwarded-for': '9.9.9.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
  forwarded: 'for=9.9.9.9',
  'x-real-ip': '9.9.9.9',
}

test('what a client says about where it comes from is not believed', async () => {
  const got = await sentHeaders(said)
  assert.equal(got['x-forwarded-for'], '127.0.0.1')
  assert.equal(got['x-forwarded-proto'], 'http')
  assert.equal(got['x-forwarded-host'], 'app.example')
  assert.equal(got.forwarded, 'for=127.0.0.1;host="app.example";proto=http')
  assert.equal(got['x-real-ip'], undefined)
})

test('what a trusted proxy says is kept, and added to', async () => {
  const got = await sentHeaders(said, ['10.0.0.0/8', '127.0.0.0/8'])
  assert.equal(got['x-forwarded-for'], '9.9.9.9, 127.0.0.1')
  assert.equal(got['x-forwarded-proto'], 'https')
  assert.equal(got['x-forwarded-host'], 'evil.example')
  assert.equal(got.forwarded, 'for=9.9.9.9, for=127.0.0.1;host="app.example";proto=http')
})

test('a harmless request id and a valid trace are kept; others are made anew', async () => {
  const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`
  const kept = await sentHeaders({ 'x-request-id': 'abc-1', traceparent: trace, tracestate: 'a=b' })
  assert.deepEqual(
    [kept['x-request-id'], kept.traceparent, kept.tracestate],
    ['abc-1', trace, 'a=b'],
  )
  const made = await sentHeaders({
    'x-request-id': 'abc "1"',
    traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-00`,
    tracestate: 'a=b',
  })
  assert.match(made['x-request-id'] ?? '', /^[\w-]+$/)
  assert.match(made.traceparent ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  assert.equal(made.tracestate, undefined)
  assert.notEqual((await sentHeaders({})).traceparent, (await sentHeaders({})).traceparent)
})

test('the host chooses before the path, and the longest path before others', async () => {
  await using web = await ok()
  await using api = await ok()
  await using admin = await ok()
  const file = gatewayFile(
    [
      backend(web.port),
      backend(api.port, { service: 'api' }),
      backend(admin.port, { service: 'admin' }),
    ],
    {
      routes: [
        { host: null, prefix: '/', service: 'web' },
        { host: null, prefix: '/api', service: 'api' },
        { host: 'admin.example', prefix: '/', service: 'admin' },
      ],
    },
  )
  await using running = await startGateway(file)
  const go = async (host: string, path: string): Promise<void> => {
    const connection = await RawConnection.open(running.port)
    connection.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    assert.equal((await connection.answer()).status, 200)
    connection.destroy()
  }
  await go('x', '/api/a')
  await go('x', '/api?b')
  await go('x', '/apis')
  await go('ADMIN.example:80', '/api/b')
  const paths = (seen: string): string[] =>
    [...seen.matchAll(/GET (\S+) /g)].map(([, path]) => path ?? '')
  assert.deepEqual(paths(web.seen()), ['/apis'])
  assert.deepEqual(paths(api.seen()), ['/api/a', '/api?b'])
  assert.deepEqual(paths(admin.seen()), ['/api/b'])
})

test('a path without a route is a 404', async () => {
  await using server = await ok()
  const routes = [{ host: null, prefix: '/api', service: 'web' }]
  await using running = await startGateway(gatewayFile([backend(server.port)], { routes }))
  const answer = await fetch(`http://127.0.0.1:${running.port}/other`)
  assert.equal(answer.status, 404)
  assert.equal(
    ((await answer.json()) as { error: { code: string } }).error.code,
    'BANYAN_GATEWAY_NO_ROUTE',
  )
})

test('a body beyond the limit is a 413, known at once or found out on the way', async () => {
  await using server = await scriptedServer()
  const file = gatewayFile([backend(server.port)])
  await using running = await startGateway(file, { bodyBytesMax: 100_000 })
  for (const framing of ['Content-Length: 100001', 'Transfer-Encoding: chunked']) {
    const connection = await RawConnection.open(running.port)
    connection.send(`POST / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`)
    if (framing.startsWith('T')) connection.send(`186a1\r\n${'x'.repeat(100_001)}\r\n`)
    assert.equal((await connection.answer()).status, 413)
    connection.destroy()
  }
})

test('a refusal is read also by a client that is still sending', async () => {
  await using server = await ok()
  const file = gatewayFile([backend(server.port)])
  await using running = await startGateway(file, { bodyBytesMax: 1_000_000 })
  for (const [host, length, status] of [
    ['Host: x', 40_000_000, 413],
    ['Host: x\r\nHost: y', 900_000, 400],
  ] as const) {
    const connection = await RawConnection.open(running.port)
    connection.send(`POST / HTTP/1.1\r\n${host}\r\nContent-Length: ${length}\r\n\r\n`)
    for (let sent = 0; sent < 900_000; sent += 100_000) connection.send('x'.repeat(100_000))
    const answer = await connection.answer()
    assert.equal(answer.status, status)
    assert.equal(answer.headers.connection, 'close')
    await connection.untilClosed()
    assert.equal(connection.failure, null)
    connection.destroy()
  }
  assert.equal(server.seen(), '')
})

test('headers beyond the limit are a 431, headers that do not come a 408', async () => {
  await using server = await ok()
  const limits = { headersTimeoutMs: 200, requestTimeoutMs: 400 }
  await using running = await startGateway(gatewayFile([backend(server.port)]), limits)
  const large = await RawConnection.open(running.port)
  large.send(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
  assert.equal((await large.answer()).status, 431)
  const slow = await RawConnection.open(running.port)
  slow.send('GET / HTTP/1.1\r\nHost:')
  assert.equal((await slow.answer()).status, 408)
  large.destroy()
  slow.destroy()
  assert.equal(server.seen(), '')
})
