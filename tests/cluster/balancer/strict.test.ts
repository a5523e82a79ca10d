// What of a hostile request reaches a server: judged by the bytes that the server got.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { answer, backend, gatewayFile, scriptedServer } from '../gateway-setup.ts'
import { RawConnection, until } from '../serve-process.ts'
import { onEveryEngine } from './engine.ts'
import { once } from './once.ts'
import { readStrictly } from './read-strictly.ts'

/** What HAProxy reads, where the gateway refuses. */
const cleaned: ReadonlySet<string> = new Set([
  'a length, then a transfer encoding',
  'a transfer encoding, then a length',
  'one length twice',
  'a list of lengths',
  'bare line feeds in the head',
  'one bare line feed in the head',
  'a folded header',
  'a folded transfer encoding',
  'one host twice',
  'a tab in the request line',
  'an upgrade with a body',
  'a bare line feed behind a chunk size',
  'a bare line feed behind a chunk',
  'a flood of chunk extensions',
  'a trailer with a length',
  'a trailer with a transfer encoding',
])

/** A length beside a transfer encoding: one of the two is wrong, so nothing more is read. */
const endsConnection: ReadonlySet<string> = new Set([
  'a length, then a transfer encoding',
  'a transfer encoding, then a length',
])

onEveryEngine((engine, promise) => {
  /** One server and one balancer for all: what is refused leaves nothing behind. */
  const shared = once(async () => {
    const server = await scriptedServer(({ socket, bytes }) => {
      if (/\r\n\r\n/.test(bytes)) answer(socket, 'done')
    })
    const running = await engine.start(gatewayFile([backend(server.port)]))
    end = async () => {
      await running[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    }
    return { server, running }
  })
  let end = async (): Promise<void> => {}
  after(() => end())

  /** Sends bytes over a connection of their own; what came back, and what the server got. */
  async function send(bytes: string): Promise<{ back: string; seen: string }> {
    const { server, running } = await shared()
    const before = new Map(server.connections.map((one) => [one, one.bytes.length]))
    // Of each connection what came on it since: two requests may come on two of them.
    const seen = (): string =>
      server.connections.map((one) => one.bytes.slice(before.get(one) ?? 0)).join('')
    const connection = await RawConnection.open(running.port)
    connection.send(Buffer.from(bytes, 'latin1'))
    // As many answers as a server saw requests, for one that a balancer takes for two.
    const asked = (): number => seen().split(' HTTP/1.').length - 1
    const answered = (): number => connection.received.split('HTTP/1.1 ').length - 1
    await until(() => connection.closed || (answered() > 0 && answered() >= asked()))
    // Time for whatever else would reach the server.
    await new Promise((resolve) => setTimeout(resolve, 30))
    connection.destroy()
    return {
      back: connection.received,
      seen: seen(),
    }
  }

  const head = 'POST /a HTTP/1.1\r\nHost: x\r\n'
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
  const chunked = `0\r\n\r\n${smuggled}`

  const refused: Record<string, string> = {
    'a length, then a transfer encoding': `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    'a transfer encoding, then a length': `${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${chunked}`,
    'chunked, identity': `${head}Transfer-Encoding: chunked, identity\r\n\r\n${chunked}`,
    'identity, chunked': `${head}Transfer-Encoding: identity, chunked\r\n\r\n${chunked}`,
    'gzip, chunked': `${head}Transfer-Encoding: gzip, chunked\r\n\r\n${chunked}`,
    xchunked: `${head}Transfer-Encoding: xchunked\r\n\r\n${chunked}`,
    'chunked behind a vertical tab': `${head}Transfer-Encoding: \x0bchunked\r\n\r\n${chunked}`,
    'a tab in the name of the transfer encoding': `${head}Transfer-Encoding\t: chunked\r\n\r\n${chunked}`,
    'two transfer encodings': `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${chunked}`,
    'chunked twice': `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    'a transfer encoding in HTTP/1.0': `POST /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    'two lengths': `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    'one length twice': `${head}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    'a list of lengths': `${head}Content-Length: 5, 5\r\n\r\nhello`,
    'a length with a plus': `${head}Content-Length: +5\r\n\r\nhello`,
    'a negative length': `${head}Content-Length: -5\r\n\r\nhello`,
    'a length with a space in it': `${head}Content-Length: 1 1\r\n\r\nhello world`,
    'a hexadecimal length': `${head}Content-Length: 0x5\r\n\r\nhello`,
    'a length beyond all numbers': `${head}Content-Length: 99999999999999999999999\r\n\r\nhello`,
    'an empty length': `${head}Content-Length: \r\n\r\n${smuggled}`,
    'bare line feeds in the head': 'GET /a HTTP/1.1\nHost: x\n\n',
    'one bare line feed in the head': 'GET /a HTTP/1.1\r\nHost: x\nX: y\r\n\r\n',
    'a bare carriage return in a header': 'GET /a HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n',
    'a folded header': 'GET /a HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n',
    'a folded transfer encoding': `${head}Transfer-Encoding:\r\n chunked\r\n\r\n${chunked}`,
    'a folded first header': 'GET /a HTTP/1.1\r\n Host: x\r\n\r\n',
    'two hosts': 'GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
    'one host twice': 'GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n',
    'no host': 'GET /a HTTP/1.1\r\n\r\n',
    'an empty host': 'GET /a HTTP/1.1\r\nHost: \r\n\r\n',
    'a host with a path': 'GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n',
    'a host with a user': 'GET /a HTTP/1.1\r\nHost: a@b\r\n\r\n',
    'two hosts in one': 'GET /a HTTP/1.1\r\nHost: x, y\r\n\r\n',
    'a space before the colon': 'GET /a HTTP/1.1\r\nHost : x\r\n\r\n',
    'a space before the colon of the length': `${head}Content-Length : 5\r\n\r\nhello`,
    'a NUL in a value': 'GET /a HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n',
    'a NUL in a name': 'GET /a HTTP/1.1\r\nHost: x\r\nX\0: a\r\n\r\n',
    'a control character in a value': 'GET /a HTTP/1.1\r\nHost: x\r\nX: a\x01b\r\n\r\n',
    'a header without a name': 'GET /a HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n',
    'a header without a colon': 'GET /a HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n',
    'a method that is no token': 'G@T /a HTTP/1.1\r\nHost: x\r\n\r\n',
    'a method that nobody knows': 'SMUGGLE /a HTTP/1.1\r\nHost: x\r\n\r\n',
    'a lower-case method': 'get /a HTTP/1.1\r\nHost: x\r\n\r\n',
    'HTTP/0.9': 'GET /a\r\n\r\n',
    'HTTP/2.0': 'GET /a HTTP/2.0\r\nHost: x\r\n\r\n',
    'HTTP/1.2': 'GET /a HTTP/1.2\r\nHost: x\r\n\r\n',
    "HTTP/2's preface": 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    'a TLS hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
    'a target without a slash': 'GET a HTTP/1.1\r\nHost: x\r\n\r\n',
    'a target with a fragment': 'GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n',
    'raw bytes in a target': 'GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n',
    'an absolute target with a user': 'GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n',
    'an absolute target of another scheme': 'GET ftp://b/ HTTP/1.1\r\nHost: b\r\n\r\n',
    'a space in the target': 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n',
    'a tab in the request line': 'GET\t/a HTTP/1.1\r\nHost: x\r\n\r\n',
    'a star that is no OPTIONS': 'GET * HTTP/1.1\r\nHost: x\r\n\r\n',
    CONNECT: 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n',
    'an upgrade with a body': `GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
  }

  const isClean = (name: string): boolean => engine.differs('cleans requests') && cleaned.has(name)

  for (const [name, bytes] of Object.entries(refused)) {
    if (isClean(name)) continue
    promise(`${name}: refused, and no server sees a byte`, async () => {
      const { back, seen } = await send(bytes)
      assert.match(back, engine.differs('own words') ? /^HTTP\/1\.1 4\d\d / : /^HTTP\/1\.1 400 /)
      // What it answers with 422 it does not call the last, but reads nothing behind it.
      if (!back.startsWith('HTTP/1.1 422 ')) assert.match(back, /connection: close/i)
      if (!engine.differs('own words')) assert.match(back, /BANYAN_REQUEST_MALFORMED/)
      // Nothing is told apart behind what HAProxy refuses by a rule; what matters is that no server sees it.
      if (!engine.differs('own words')) assert.equal(back.split('HTTP/1.1 ').length, 2)
      assert.equal(seen, '')
    })
  }

  /** The body begins before its fault is seen; what counts is that the server gets no whole request. */
  const cut: Record<string, string> = {
    'a bare line feed behind a chunk size': `${head}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`,
    'a bare line feed behind a chunk': `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n`,
    'a chunk that is longer than it says': `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n0\r\n\r\n`,
    'a chunk size that overflows': `${head}Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n`,
    'a chunk size with 0x': `${head}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`,
    'a negative chunk size': `${head}Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n`,
    'an empty chunk size': `${head}Transfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n`,
    'a flood of chunk extensions': `${head}Transfer-Encoding: chunked\r\n\r\n5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
    'a trailer with a length': `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n`,
    'a trailer with a transfer encoding': `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n`,
    'a bare line feed in a chunk extension': `${head}Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n`,
  }

  for (const [name, bytes] of Object.entries(cut)) {
    if (isClean(name)) continue
    promise(`${name}: refused, and no server sees the end of the body`, async () => {
      const { back, seen } = await send(`${bytes}${smuggled}`)
      assert.match(back, /^HTTP\/1\.1 4\d\d |^$/)
      assert.doesNotMatch(seen, /\r\n0\r\n\r\n/)
      assert.doesNotMatch(seen, /smuggled/)
    })
  }

  for (const [name, bytes] of Object.entries({ ...refused, ...cut })) {
    if (!isClean(name)) continue
    promise(`${name}: written anew, and read in one way by everybody`, async () => {
      const { back, seen } = await send(bytes)
      const requests = readStrictly(seen)
      assert.ok(requests.length > 0, 'it belongs to what is refused')
      assert.equal(back.split('HTTP/1.1 ').length - 1, requests.length, 'one answer each')
      // What lies behind a length that is dropped is nobody's.
      if (endsConnection.has(name)) {
        assert.equal(requests.length, 1)
        assert.match(back, /connection: close/i)
        assert.doesNotMatch(seen, /smuggled/)
      }
    })
  }

  /** Reads what a server got as one request: its first line, its headers, and what is behind them. */
  function parse(seen: string): { line: string; headers: [string, string][]; body: string } {
    const end = seen.indexOf('\r\n\r\n')
    const [line = '', ...lines] = seen.slice(0, end).split('\r\n')
    const headers = lines.map((one): [string, string] => {
      const colon = one.indexOf(': ')
      return [one.slice(0, colon).toLowerCase(), one.slice(colon + 2)]
    })
    return { line, headers, body: seen.slice(end + 4) }
  }

  const values = (headers: readonly [string, string][], wanted: string): string[] =>
    headers.filter(([name]) => name === wanted).map(([, value]) => value)

  promise('chunked is understood in any case, and goes on as chunks of our own', async () => {
    const { back, seen } = await send(
      `${head}Transfer-Encoding: CHUNKED\r\n\r\n5;name=value\r\nhello\r\n0\r\nX-Trailer: 1\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n`,
    )
    const { headers, body } = parse(seen)
    assert.match(back, /^HTTP\/1\.1 200 /)
    assert.deepEqual(
      values(headers, 'transfer-encoding').map((one) => one.toLowerCase()),
      ['chunked'],
    )
    assert.deepEqual(values(headers, 'content-length'), [])
    const trailers = /^5\r\nhello\r\n0\r\nx-trailer: 1\r\nx-forwarded-for: 9\.9\.9\.9\r\n\r\n$/i
    if (engine.differs('passes trailers')) assert.match(body, trailers)
    else assert.equal(body, '5\r\nhello\r\n0\r\n\r\n', 'extensions and trailers are left out')
  })

  promise('two spaces in the request line reach the server as one', async () => {
    const { seen } = await send('GET  /a HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.equal(parse(seen).line, 'GET /a HTTP/1.1')
  })

  promise('an absolute target wins over Host, whatever Host says', async () => {
    const target = 'GET http://target.example/a?b=1 HTTP/1.1\r\nHost: '
    const other = await send(`${target}other.example\r\n\r\n`)
    if (engine.differs('absolute hosts')) {
      assert.match(other.back, /^HTTP\/1\.1 400 /)
      assert.equal(other.seen, '')
    }
    const { seen } = engine.differs('absolute hosts')
      ? await send(`${target}target.example\r\n\r\n`)
      : other
    const { line, headers } = parse(seen)
    assert.equal(line, 'GET /a?b=1 HTTP/1.1')
    assert.deepEqual(values(headers, 'host'), ['target.example'])
    assert.deepEqual(values(headers, 'x-forwarded-host'), ['target.example'])
  })

  promise('what a connection names is taken out, but neither the host nor the length', async () => {
    const { seen } = await send(
      'POST /a HTTP/1.1\r\nHost: x\r\nConnection: close, X-Hop, host, content-length\r\nX-Hop: 1\r\nX-End: 2\r\nKeep-Alive: 9\r\nTE: trailers\r\nProxy-Connection: a\r\nContent-Length: 2\r\n\r\nhi',
    )
    const { headers, body } = parse(seen)
    assert.deepEqual(values(headers, 'x-hop'), [])
    assert.deepEqual(values(headers, 'x-end'), ['2'])
    assert.deepEqual(values(headers, 'host'), ['x'])
    assert.deepEqual(values(headers, 'content-length'), ['2'])
    for (const name of ['connection', 'keep-alive', 'te', 'proxy-connection']) {
      assert.deepEqual(values(headers, name), [], name)
    }
    assert.equal(body, 'hi')
  })

  promise('an upgrade takes nothing else along that its connection names', async () => {
    const { seen } = await send(
      'GET /a HTTP/1.1\r\nHost: x\r\nConnection: upgrade, X-Hop\r\nX-Hop: 1\r\nUpgrade: h2c\r\n\r\n',
    )
    assert.deepEqual(values(parse(seen).headers, 'x-hop'), [])
  })

  promise('raw bytes in a value stay in that value', async () => {
    const { seen } = await send(
      'GET /a HTTP/1.1\r\nHost: x\r\nX: \xe5\x98\x8a\xe5\x98\x8dY: 1\xff\r\n\r\n',
    )
    const { headers, body } = parse(seen)
    assert.deepEqual(values(headers, 'x'), ['\xe5\x98\x8a\xe5\x98\x8dY: 1\xff'])
    assert.equal(body, '')
  })

  promise('HTTP/1.0 needs no host, and its connection ends with the answer', async () => {
    const { back, seen } = await send('GET /a HTTP/1.0\r\n\r\n')
    assert.match(back, /^HTTP\/1\.1 200 [\s\S]*done$/)
    assert.match(back, /connection: close/i)
    const version = engine.differs('keeps versions') ? '1.0' : '1.1'
    assert.ok(seen.startsWith(`GET /a HTTP/${version}\r\nhost: localhost\r\n`), seen)
  })

  promise('a request for HTTP/2 is answered in HTTP/1.1, and no server hears of it', async () => {
    const { back, seen } = await send(
      'GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n',
    )
    assert.match(back, /^HTTP\/1\.1 200 /)
    assert.doesNotMatch(seen, /upgrade|h2c|http2/i)
  })

  promise('TRACE goes on like any other method', async () => {
    const { seen } = await send('TRACE /a HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(seen, /TRACE \/a HTTP\/1\.1\r\n/)
  })

  promise('nothing under /-/ is passed on but what the prover asks', async () => {
    for (const path of ['/-/control', '/-/gateway', '/-/', '/-/prove/x', 'http://x/-/control']) {
      const { back, seen } = await send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
      assert.match(back, /^HTTP\/1\.1 404 /, path)
      assert.equal(seen, '', path)
    }
    const { seen } = await send('POST /-/prove HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}')
    assert.match(seen, /POST \/-\/prove HTTP\/1\.1\r\n/)
  })

  promise('pipelined requests are answered in order, one at a time', async () => {
    const log: string[] = []
    await using slow = await scriptedServer(({ socket, bytes }) => {
      const path = /\S+ (\S+) HTTP\/1.1\r\n(?![\s\S]*HTTP\/1.1\r\n)/.exec(bytes)?.[1] ?? ''
      log.push(`${path} came`)
      setTimeout(
        () => {
          log.push(`${path} went`)
          answer(socket, path)
        },
        path === '/1' ? 60 : 0,
      )
    })
    await using running = await engine.start(gatewayFile([backend(slow.port)]))
    const connection = await RawConnection.open(running.port)
    connection.send('POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi')
    connection.send(['/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''))
    const bodies = [await connection.answer(), await connection.answer(), await connection.answer()]
    assert.deepEqual(
      bodies.map(({ body }) => body),
      ['/1', '/2', '/3'],
    )
    assert.deepEqual(log, ['/1 came', '/1 went', '/2 came', '/2 went', '/3 came', '/3 went'])
    connection.destroy()
  })

  promise('a client that leaves takes its pipelined requests with it', async () => {
    await using slow = await scriptedServer()
    await using running = await engine.start(gatewayFile([backend(slow.port)]))
    const connection = await RawConnection.open(running.port)
    connection.send(
      ['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''),
    )
    await until(() => slow.connections.length === 1)
    connection.destroy()
    await until(() => slow.connections[0]?.ended === true)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.match(slow.seen(), /GET \/1 /)
    assert.doesNotMatch(slow.seen(), /GET \/[23] /)
    assert.equal((await running.status()).backends[0]?.inFlight, 0)
  })

  promise('what was refused is counted, and not as failed', async () => {
    const { running } = await shared()
    const { requests } = await running.status()
    assert.ok(requests.sent > 10)
    assert.equal(requests.failed, 0)
  })
})
