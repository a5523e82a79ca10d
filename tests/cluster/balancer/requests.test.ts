// Where requests go, what servers are told about them, and which are too much.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { answer, backend, gatewayFile, scriptedServer } from '../gateway-setup.ts'
import { RawConnection, until } from '../serve-process.ts'
import { onEveryEngine } from './engine.ts'

onEveryEngine((engine, promise) => {
  const ok = () =>
    scriptedServer(({ socket, bytes }) => {
      if (bytes.endsWith('\r\n\r\n')) answer(socket, 'ok')
    })

  const sentHeaders = async (
    headers: Record<string, string | string[]>,
    trustedProxies: string[] = [],
  ): Promise<Record<string, string>> => {
    await using server = await ok()
    await using running = await engine.start(
      gatewayFile([backend(server.port)], { trustedProxies }),
    )
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

  promise('what a client says about where it comes from is not believed', async () => {
    const got = await sentHeaders(said)
    assert.equal(got['x-forwarded-for'], '127.0.0.1')
    assert.equal(got['x-forwarded-proto'], 'http')
    assert.equal(got['x-forwarded-host'], 'app.example')
    assert.equal(got.forwarded, 'for=127.0.0.1;host="app.example";proto=http')
    assert.equal(got['x-real-ip'], undefined)
  })

  promise('what a trusted proxy says is kept, and added to', async () => {
    const got = await sentHeaders(said, ['10.0.0.0/8', '127.0.0.0/8'])
    assert.equal(got['x-forwarded-for'], '9.9.9.9, 127.0.0.1')
    assert.equal(got['x-forwarded-proto'], 'https')
    assert.equal(got['x-forwarded-host'], 'evil.example')
    assert.equal(got.forwarded, 'for=9.9.9.9, for=127.0.0.1;host="app.example";proto=http')
  })

  promise('a harmless request id and a valid trace are kept; others are made anew', async () => {
    const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`
    const kept = await sentHeaders({
      'x-request-id': 'abc-1',
      traceparent: trace,
      tracestate: 'a=b',
    })
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

  promise('the host chooses before the path, and the longest path before others', async () => {
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
    await using running = await engine.start(file)
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

  promise('a path without a route is a 404', async () => {
    await using server = await ok()
    const routes = [{ host: null, prefix: '/api', service: 'web' }]
    await using running = await engine.start(gatewayFile([backend(server.port)], { routes }))
    const answer = await fetch(`http://127.0.0.1:${running.port}/other`)
    assert.equal(answer.status, 404)
    assert.equal(
      ((await answer.json()) as { error: { code: string } }).error.code,
      'BANYAN_GATEWAY_NO_ROUTE',
    )
  })

  promise('a body beyond the limit is a 413, known at once or found out on the way', async () => {
    await using server = await scriptedServer()
    const file = gatewayFile([backend(server.port)])
    await using running = await engine.start(file, { bodyBytesMax: 100_000 })
    const framings = ['Content-Length: 100001', 'Transfer-Encoding: chunked']
    for (const framing of framings) {
      const connection = await RawConnection.open(running.port)
      connection.send(`POST / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`)
      if (framing.startsWith('T')) connection.send(`186a1\r\n${'x'.repeat(100_001)}\r\n`)
      if (framing.startsWith('T') && engine.differs('chunked bodies')) {
        await until(() => server.seen().length > 100_000)
        connection.destroy()
        continue
      }
      assert.equal((await connection.answer()).status, 413)
      connection.destroy()
    }
  })

  promise('a refusal is read also by a client that is still sending', async () => {
    await using server = await ok()
    const file = gatewayFile([backend(server.port)])
    await using running = await engine.start(file, { bodyBytesMax: 1_000_000 })
    for (const [host, length, status] of [
      ['Host: x', 40_000_000, 413],
      ['Host: x\r\nHost: y', 900_000, 400],
    ] as const) {
      const connection = await RawConnection.open(running.port)
      connection.send(`POST / HTTP/1.1\r\n${host}\r\nContent-Length: ${length}\r\n\r\n`)
      for (let sent = 0; sent < 900_000; sent += 100_000) connection.send('x'.repeat(100_000))
      if (engine.differs('refuses at once')) {
        await connection.untilClosed()
        assert.ok(connection.received === '' || connection.received.includes(` ${status} `))
        connection.destroy()
        continue
      }
      const answer = await connection.answer()
      assert.equal(answer.status, status)
      assert.equal(answer.headers.connection, 'close')
      await connection.untilClosed()
      assert.equal(connection.failure, null)
      connection.destroy()
    }
    assert.equal(server.seen(), '')
  })

  promise('headers beyond the limit are a 431, headers that do not come a 408', async () => {
    await using server = await ok()
    const limits = { headersTimeoutMs: 200, requestTimeoutMs: 400 }
    await using running = await engine.start(gatewayFile([backend(server.port)]), limits)
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
})
