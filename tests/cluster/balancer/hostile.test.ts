// Clients, servers and surroundings that do what nobody should: what must not break by it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { answer, backend, gatewayFile, scriptedServer } from '../gateway-setup.ts'
import { RawConnection, until } from '../serve-process.ts'
import { onEveryEngine } from './engine.ts'
import { eventually } from './eventually.ts'

onEveryEngine((engine, promise) => {
  const hasHead = (bytes: string): boolean => bytes.includes('\r\n\r\n')

  promise(
    'no header is lost among thousands, and what frames the body is seen behind them',
    async () => {
      await using server = await scriptedServer(({ socket, bytes }) => {
        if (bytes.endsWith('hello')) answer(socket, 'done')
      })
      await using running = await engine.start(gatewayFile([backend(server.port)]))
      const connection = await RawConnection.open(running.port)
      const many = 'a:\r\n'.repeat(2_500)
      connection.send(
        `POST /a HTTP/1.1\r\nHost: x\r\n${many}X-Last: 1\r\nContent-Length: 5\r\n\r\nhello`,
      )
      await until(() => connection.received.includes('done'))
      assert.match(server.seen(), /X-Last: 1\r\n/i)
      assert.match(server.seen(), /content-length: 5\r\n(?:[\s\S]*\r\n)?\r\nhello$/i)
      connection.send(`GET /b HTTP/1.1\r\nHost: x\r\n${many}Host: y\r\n\r\n`)
      await until(() => connection.received.includes('HTTP/1.1 400 '))
      assert.doesNotMatch(server.seen(), /GET \/b/)
      connection.destroy()
    },
  )

  promise('a POST that asks for an upgrade is a POST, and never sent twice', async () => {
    await using first = await scriptedServer(({ socket, bytes }) => {
      if (hasHead(bytes)) socket.destroy()
    })
    await using second = await scriptedServer(({ socket, bytes }) => {
      if (hasHead(bytes)) socket.destroy()
    })
    const file = gatewayFile([backend(first.port), backend(second.port)])
    await using running = await engine.start(file)
    const connection = await RawConnection.open(running.port)
    connection.send(
      'POST /pay HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    await until(() => hasHead(connection.received))
    const isChecked = engine.differs('checks handshakes')
    assert.match(connection.received, isChecked ? /^HTTP\/1\.1 400 / : /^HTTP\/1\.1 502 /)
    const sent = `${first.seen()}${second.seen()}`.match(/POST \/pay/g)
    assert.equal(sent?.length ?? 0, isChecked ? 0 : 1)
    connection.destroy()
  })

  for (const name of [
    'X_Forwarded_For',
    'x-forwarded_proto',
    'Transfer_Encoding',
    'CONTENT_LENGTH',
  ]) {
    promise(
      `${name} is not passed on: some servers read it as the header with dashes`,
      async () => {
        await using server = await scriptedServer(({ socket, bytes }) => {
          if (hasHead(bytes)) answer(socket, 'done')
        })
        await using running = await engine.start(gatewayFile([backend(server.port)]))
        const connection = await RawConnection.open(running.port)
        connection.send(`GET / HTTP/1.1\r\nHost: x\r\n${name}: forged\r\nX_Own: kept\r\n\r\n`)
        await until(() => connection.received.includes('done'))
        assert.doesNotMatch(server.seen(), /forged/)
        assert.match(server.seen(), /X_Own: kept/i)
        connection.destroy()
      },
    )
  }

  promise('a handshake that is announced without end is a 502', async () => {
    if (engine.differs('checks handshakes')) return
    await using server = await scriptedServer(({ socket, bytes }) => {
      if (hasHead(bytes)) socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100))
    })
    await using running = await engine.start(gatewayFile([backend(server.port)]))
    const connection = await RawConnection.open(running.port)
    connection.send(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    await until(() => hasHead(connection.received))
    assert.match(connection.received, /^HTTP\/1\.1 502 /)
    connection.destroy()
  })

  promise(
    'a client that does not read its answer for too long is cut, and frees its server',
    async () => {
      await using server = await scriptedServer(({ socket, bytes }) => {
        if (hasHead(bytes)) answer(socket, 'x'.repeat(30_000_000))
      })
      await using running = await engine.start(gatewayFile([backend(server.port)]), {
        stalledTimeoutMs: 500,
      })
      const client = connect(running.port, '127.0.0.1')
      await once(client, 'connect')
      client.pause()
      client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await eventually(async () => (await running.status()).backends[0]?.inFlight === 1)
      await eventually(async () => (await running.status()).backends[0]?.inFlight === 0)
      client.destroy()
    },
  )

  promise('heads that are pipelined are kept up to a limit', async () => {
    await using server = await scriptedServer()
    await using running = await engine.start(gatewayFile([backend(server.port)]))
    const connection = await RawConnection.open(running.port)
    const one = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`
    connection.send(one.repeat(20))
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.equal(connection.closed, false)
    connection.send(one.repeat(20))
    if (engine.differs('reads no further')) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      assert.equal(server.seen().split('GET / ').length, 2, 'one is under way')
      connection.destroy()
      return
    }
    await connection.untilClosed()
    connection.destroy()
  })

  promise(
    'an answer that takes its time is not taken for a client that does not read',
    async () => {
      await using server = await scriptedServer(({ socket, bytes }) => {
        if (hasHead(bytes)) setTimeout(() => answer(socket, 'late'), 900)
      })
      const limits = { stalledTimeoutMs: 200 }
      await using running = await engine.start(gatewayFile([backend(server.port)]), limits)
      const connection = await RawConnection.open(running.port)
      assert.equal((await connection.get('/')).body, 'late')
      assert.equal((await connection.get('/')).body, 'late')
      connection.destroy()
    },
  )

  const bytes = '\xe4\x80\xff'

  for (const [name, rest] of [
    ['short text', 'Content-Length: 3\r\n\r\n\xe4\x80\xff'],
    ['a held body', `Content-Length: 5000\r\n\r\n${bytes.repeat(1_666)}..`],
    ['a streamed length', `Content-Length: 99999\r\n\r\n${bytes.repeat(33_333)}`],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n3\r\n\xe4\x80\xff\r\n0\r\n\r\n'],
    ['no body', 'Content-Length: 0\r\n\r\n'],
  ] as const) {
    promise(`bytes above 0x7f in headers and body are passed on as they are: ${name}`, async () => {
      await using server = await scriptedServer(({ socket, bytes: got }) => {
        if (hasHead(got)) {
          const whole = `HTTP/1.1 200 OK\r\nX-Name: ${bytes}\r\nConnection: close\r\n${rest}`
          socket.end(whole, 'latin1')
        }
      })
      await using running = await engine.start(gatewayFile([backend(server.port)]))
      const connection = await RawConnection.open(running.port)
      const request = `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Name: ${bytes}\r\n\r\n`
      connection.send(Buffer.from(request, 'latin1'))
      await connection.untilClosed()
      assert.ok(server.seen().replace('x-name', 'X-Name').includes(`X-Name: ${bytes}\r\n`))
      const received = connection.received.replace('x-name', 'X-Name')
      assert.ok(received.includes(`X-Name: ${bytes}\r\n`), received.slice(0, 200))
      assert.equal(
        received.slice(received.indexOf('\r\n\r\n')),
        rest.slice(rest.indexOf('\r\n\r\n')),
      )
      connection.destroy()
    })
  }
})
