// What a server may answer, good and bad, and what its client sees of it.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { answer, backend, gatewayFile, type Received, scriptedServer } from '../gateway-setup.ts'
import { RawConnection, until } from '../serve-process.ts'
import { onEveryEngine } from './engine.ts'
import { eventually } from './eventually.ts'

/** What HAProxy reads, where the gateway takes nothing of it. */
const cleaned: ReadonlySet<string> = new Set([
  'a length beside a transfer encoding',
  'a folded header',
  'a bare line feed in a header',
])

/** What HAProxy refuses by a rule of its own, once it has been read. */
const byRule: ReadonlySet<string> = new Set(['a NUL in a header', 'a status of two digits'])

onEveryEngine((engine, promise) => {
  /** A gateway before one server that plays a script once a request is whole. */
  async function before(script: (received: Received) => void, limits = {}) {
    const server = await scriptedServer((received) => {
      if (received.bytes.includes('\r\n\r\n')) script(received)
    })
    const running = await engine.start(gatewayFile([backend(server.port)]), limits)
    return {
      ...running,
      server,
      [Symbol.asyncDispose]: async () => {
        await running[Symbol.asyncDispose]()
        await server[Symbol.asyncDispose]()
      },
    }
  }

  /** Everything that came back for a request, until the end or the given text. */
  async function exchange(port: number, request: string, end = /\r\n\r\n/): Promise<string> {
    const connection = await RawConnection.open(port)
    connection.send(request)
    await until(() => connection.closed || end.test(connection.received))
    await new Promise((resolve) => setTimeout(resolve, 20))
    connection.destroy()
    return connection.received
  }

  const post = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi'
  const get = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'

  const invalid: Record<string, string> = {
    'a length beside a transfer encoding':
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
    'a list of lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!',
    'a length that is no number': 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello',
    'a transfer encoding that nobody knows':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    'a transfer encoding in HTTP/1.0':
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'a folded header': 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n',
    'a bare line feed in a header':
      'HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n',
    'a bare carriage return in a header': 'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n',
    'a NUL in a header': 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n',
    'a space before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n',
    'no HTTP': 'SSH-2.0-OpenSSH_9.9\r\n\r\n',
    'HTTP/2': 'HTTP/2 200\r\n\r\n',
    'a status of two digits': 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n',
    'a switch of protocols that nobody asked for':
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
    'huge headers': `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\nContent-Length: 0\r\n\r\n`,
    'announcements without end': 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(40),
  }

  const isClean = (name: string): boolean => engine.differs('cleans answers') && cleaned.has(name)

  for (const [name, bytes] of Object.entries(invalid)) {
    if (isClean(name)) continue
    if (engine.differs('passes announcements') && name === 'announcements without end') continue
    promise(`an answer with ${name} is a 502`, async () => {
      await using running = await before(({ socket }) => socket.write(bytes, 'latin1'))
      const back = await exchange(running.port, post)
      assert.match(back, /^HTTP\/1\.1 502 /)
      assert.match(back, engine.differs('one code') ? /_ANSWER_INVALID|_LOST/ : /_ANSWER_INVALID/)
      // What it reads and then refuses left its connection whole.
      if (!engine.differs('cleans answers') || !byRule.has(name))
        await until(() => running.server.connections.every(({ ended }) => ended))
      await eventually(async () => (await running.status()).requests.failed === 1)
    })
  }

  for (const [name, bytes] of Object.entries(invalid)) {
    if (!isClean(name)) continue
    promise(`an answer with ${name}: written anew, and read in one way by everybody`, async () => {
      await using running = await before(({ socket }) => socket.write(bytes, 'latin1'))
      const connection = await RawConnection.open(running.port)
      connection.send(post)
      const answer = await connection.answer()
      assert.equal(answer.status, 200)
      assert.ok(['', 'hello'].includes(answer.body))
      await sleep(30)
      assert.equal(connection.received, '', 'nothing lies behind it')
      connection.destroy()
    })
  }

  promise('nonsense and silence are no reason to wait for a server that is there', async () => {
    for (const [bytes, status] of [
      ['what?\r\n\r\n', 502],
      ['', 504],
    ] as const) {
      const script = ({ socket }: Received) => void socket.write(bytes)
      await using running = await before(script, { answerTimeoutMs: 200 })
      const begun = performance.now()
      const back = await exchange(running.port, get)
      assert.match(back, new RegExp(`^HTTP/1.1 ${status} `))
      assert.ok(performance.now() - begun < 1_500)
      const { length } = running.server.connections
      if (engine.differs('asks again')) assert.ok(length <= 4, `it was asked ${length} times`)
      else assert.equal(length, 1)
    }
  })

  if (engine.differs('passes announcements')) {
    promise('announcements are passed on for as long as they come', async () => {
      const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'
      await using running = await before(({ socket }) => {
        socket.write(hint.repeat(40))
        setTimeout(() => answer(socket, 'page'), 20)
      })
      const back = await exchange(running.port, get, /page$/)
      assert.equal(back.split('HTTP/1.1 103 ').length, 41)
    })
  }

  promise('equal lengths are one, and hop-by-hop headers stay behind', async () => {
    await using running = await before(({ socket }) =>
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nProxy-Connection: a\r\nKeep-Alive: timeout=77\r\nTrailer: x\r\n\r\nhello',
      ),
    )
    const back = await exchange(running.port, get, /hello$/)
    assert.match(back, /X-End: 2/i)
    assert.doesNotMatch(back, /Connection: X-Hop|Proxy-Connection|timeout=77|Trailer/i)
    assert.equal(/X-Hop/i.test(back), engine.differs('named by servers'))
    assert.equal(back.match(/content-length: 5/gi)?.length, 1)
  })

  promise('several cookies stay several', async () => {
    await using running = await before(({ socket }) =>
      answer(socket, 'x', 'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n'),
    )
    assert.match(await exchange(running.port, get), /Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n/i)
  })

  promise('bytes behind an answer are never taken for the next one', async () => {
    let turn = 0
    await using running = await before(({ socket }) => {
      turn += 1
      const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
      if (turn === 1) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood${evil}`)
      else answer(socket, 'next')
    })
    const connection = await RawConnection.open(running.port)
    assert.equal((await connection.get('/1')).body, 'good')
    assert.equal((await connection.get('/2')).body, 'next')
    assert.equal(running.server.connections.length, 2, 'the first connection is not used again')
    connection.destroy()
  })

  promise('bytes that nobody asked for end a kept connection', async () => {
    await using running = await before(({ socket }) => {
      answer(socket, 'good')
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'), 20)
    })
    const connection = await RawConnection.open(running.port)
    assert.equal((await connection.get('/1')).body, 'good')
    await until(() => running.server.connections[0]?.ended === true)
    assert.equal((await connection.get('/2')).body, 'good')
    connection.destroy()
  })

  for (const status of [204, 304]) {
    promise(`a ${status} has no body, whatever its server says`, async () => {
      await using running = await before(({ socket }) =>
        socket.write(`HTTP/1.1 ${status} X\r\nContent-Length: 5\r\nETag: "a"\r\n\r\nhello`),
      )
      const back = await exchange(running.port, get)
      assert.match(back, new RegExp(`^HTTP/1.1 ${status} `))
      assert.doesNotMatch(back, /hello/)
      assert.match(back, /ETag: "a"/i)
      assert.equal(/content-length/i.test(back), status === 304)
    })
  }

  promise('an answer to HEAD has the length and no body', async () => {
    await using running = await before(({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n'),
    )
    const connection = await RawConnection.open(running.port)
    connection.send('HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => connection.received.endsWith('\r\n\r\n'))
    assert.match(connection.received, /content-length: 50000/i)
    connection.send('HEAD /b HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => connection.received.split('HTTP/1.1 200').length === 3)
    assert.equal(running.server.connections.length, 1, 'the connection to the server is kept')
    connection.destroy()
  })

  promise('an answer that ends with its connection is passed on as chunks', async () => {
    await using running = await before(({ socket }) =>
      socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello'),
    )
    const connection = await RawConnection.open(running.port)
    const { body, headers } = await connection.get('/a')
    assert.equal(body, 'hello')
    if (engine.differs('keeps versions')) await connection.untilClosed()
    else assert.equal(headers['transfer-encoding'], 'chunked')
    connection.destroy()
  })

  const truncated: Record<string, string> = {
    'short of its length': `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(70_000)}`,
    'without its last chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    'in the middle of a chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nhello',
    'with a chunk that is too long':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n0\r\n\r\n',
    'with a chunk size that is no number':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n\r\n',
    'with bare line feeds between chunks':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n',
  }

  for (const [name, bytes] of Object.entries(truncated)) {
    if (engine.differs('cleans answers') && name === 'with bare line feeds between chunks') continue
    promise(`an answer that ends ${name} never looks complete`, async () => {
      await using running = await before(({ socket }) => socket.end(bytes))
      const connection = await RawConnection.open(running.port)
      connection.send(post)
      await connection.untilClosed()
      assert.doesNotMatch(connection.received, /\r\n0\r\n\r\n$/)
      assert.ok(connection.received.length < 100_000)
      await eventually(async () => (await running.status()).requests.failed === 1)
      connection.destroy()
    })
  }

  promise(
    'to HTTP/1.0, where the end of the connection is the end of the answer, a cut one is reset',
    async () => {
      await using running = await before(({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
        setTimeout(() => socket.end(), 50)
      })
      const connection = await RawConnection.open(running.port)
      connection.send('GET /a HTTP/1.0\r\n\r\n')
      if (engine.differs('ends HTTP/1.0')) {
        await connection.untilClosed()
        return
      }
      await until(() => connection.failure !== null)
      assert.match(connection.failure?.message ?? '', /ECONNRESET/)
    },
  )

  promise('an answer in many pieces is put together', async () => {
    const bytes =
      'HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n wonderful\r\n0\r\nX-T: 1\r\n\r\n'
    await using running = await before(({ socket }) => {
      socket.setNoDelay(true)
      void (async () => {
        for (const byte of bytes) {
          socket.write(byte)
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      })()
    })
    const connection = await RawConnection.open(running.port)
    const { body, headers } = await connection.get('/a')
    assert.equal(body, 'hello wonderful')
    assert.equal(headers['x-a'], 'b')
    assert.equal(headers['x-t'], undefined)
    connection.destroy()
  })

  promise('an early answer goes out although the body is still coming', async () => {
    await using running = await before(({ socket, bytes }) => {
      const isNext = bytes.endsWith('\r\n\r\n')
      if (bytes.length < 5_000 || isNext) answer(socket, 'no, thank you')
    })
    const connection = await RawConnection.open(running.port)
    connection.send('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n')
    assert.equal((await connection.answer()).body, 'no, thank you')
    connection.send('x'.repeat(1_000_000))
    assert.equal((await connection.get('/b')).body, 'no, thank you')
    const used = running.server.connections.length
    if (!engine.differs('finishes bodies'))
      assert.equal(used, 2, 'a half-used connection is not used again')
    connection.destroy()
  })

  promise('Expect: 100-continue is answered, and the body arrives', async () => {
    await using running = await before(({ socket, bytes }) => {
      if (bytes.endsWith('hi')) answer(socket, 'got it')
    })
    const connection = await RawConnection.open(running.port)
    connection.send(
      'POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
    )
    assert.equal((await connection.answer()).status, 100)
    connection.send('hi')
    assert.equal((await connection.answer()).body, 'got it')
    connection.destroy()
  })

  promise('early hints are passed on before the answer', async () => {
    await using running = await before(({ socket }) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\n')
      setTimeout(() => answer(socket, 'page'), 20)
    })
    const back = await exchange(running.port, get, /page$/)
    assert.match(back, /^HTTP\/1\.1 103 [\s\S]*a\.css[\s\S]*HTTP\/1\.1 200 [\s\S]*page$/)
  })

  promise('server-sent events arrive one by one', async () => {
    let send: (text: string) => void = () => {}
    await using running = await before(({ socket }) => {
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
      )
      send = (text) => socket.write(`${text.length.toString(16)}\r\n${text}\r\n`)
    })
    const connection = await RawConnection.open(running.port)
    connection.send(get)
    await until(() => connection.received.includes('text/event-stream'))
    for (const event of ['data: one\n\n', 'data: two\n\n']) {
      send(event)
      await until(() => connection.received.includes(event))
    }
    connection.destroy()
    await until(() => running.server.connections[0]?.ended === true)
    assert.equal((await running.status()).requests.failed, 0, 'the client left, nothing failed')
  })

  promise('a client that goes away ends its request at the server', async () => {
    await using running = await before(() => {})
    const connection = await RawConnection.open(running.port)
    connection.send(get)
    await until(() => running.server.connections.length === 1)
    connection.destroy()
    await until(() => running.server.connections[0]?.ended === true)
    assert.equal((await running.status()).requests.failed, 0)
    assert.equal((await running.status()).backends[0]?.inFlight, 0)
    assert.equal((await running.status()).backends[0]?.healthy, true)
  })

  promise('a server that does not answer in time is a 504', async () => {
    await using running = await before(() => {}, { answerTimeoutMs: 100 })
    const back = await exchange(running.port, post)
    assert.match(back, /^HTTP\/1\.1 504 [\s\S]*BANYAN_GATEWAY_ANSWER_LATE/)
  })

  promise('the time to answer begins when the server has the whole request', async () => {
    const script = ({ socket, bytes }: Received): void => {
      if (bytes.endsWith('z')) answer(socket, 'thanks')
    }
    await using running = await before(script, { answerTimeoutMs: 300 })
    const connection = await RawConnection.open(running.port)
    connection.send('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n')
    for (let n = 0; n < 10; n++) {
      connection.send('x'.repeat(9_999))
      await new Promise((resolve) => setTimeout(resolve, 80))
    }
    connection.send('xxxxxxxxxz')
    assert.equal((await connection.answer()).status, 200)
    connection.destroy()
  })

  promise(
    'a slow client makes the server wait rather than the gateway keep the answer',
    async () => {
      const size = 64_000_000
      let written = 0
      await using running = await before(({ socket }) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
        const more = (): void => {
          while (written < size) {
            written += 64_000
            if (!socket.write(Buffer.alloc(64_000))) break
          }
        }
        socket.on('drain', more)
        more()
      })
      const { connect } = await import('node:net')
      const client = connect(running.port, '127.0.0.1')
      client.write(get)
      client.pause()
      const before1 = await settled(() => written)
      assert.ok(before1 < size / 2, `${before1} bytes were taken although nobody reads`)
      let received = 0
      client.on('data', (piece) => {
        received += piece.length
      })
      client.resume()
      await until(() => received > size)
      client.destroy()
    },
  )

  promise('a slow server makes the client wait rather than the gateway keep the body', async () => {
    await using running = await before(({ socket }) => socket.pause())
    const { connect } = await import('node:net')
    const client = connect(running.port, '127.0.0.1')
    client.on('error', () => {})
    client.write('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 64000000\r\n\r\n')
    let sent = 0
    const more = (): void => {
      while (sent < 64_000_000) {
        sent += 64_000
        if (!client.write(Buffer.alloc(64_000))) break
      }
    }
    client.on('drain', more)
    more()
    const stuck = await settled(() => sent)
    assert.ok(stuck < 32_000_000, `${stuck} bytes were taken although nobody reads`)
    client.destroy()
  })

  /** A figure that no longer grows. */
  async function settled(figure: () => number): Promise<number> {
    let last = -1
    while (last !== figure()) {
      last = figure()
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    return last
  }
})
