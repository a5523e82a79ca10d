// How much one server is given at once, and what takes no room of it.
import assert from 'node:assert/strict'
import { answer, backend, gatewayFile, scriptedServer } from '../gateway-setup.ts'
import { RawConnection, until } from '../serve-process.ts'
import { onEveryEngine } from './engine.ts'

onEveryEngine((engine, promise) => {
  const handshake =
    'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  const accepted =
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'
  const limits = { connectionsMax: 2, waitMs: 300 }

  /** It accepts WebSockets, answers `/`, and is silent about everything else. */
  const server = () =>
    scriptedServer(({ socket, bytes }) => {
      if (bytes.startsWith('GET /ws ')) socket.write(accepted)
      else if (bytes.startsWith('GET / ')) answer(socket, 'ok')
    })

  const ask = async (port: number, bytes: string): Promise<RawConnection> => {
    const connection = await RawConnection.open(port)
    connection.send(bytes)
    return connection
  }

  promise('WebSockets take no room from requests, nor from each other', async () => {
    await using web = await server()
    await using running = await engine.start(gatewayFile([backend(web.port)]), limits)
    const tunnels = await Promise.all(
      Array.from({ length: 4 }, async () => await ask(running.port, handshake)),
    )
    await until(() => tunnels.every(({ received }) => received.startsWith('HTTP/1.1 101 ')))
    const request = await ask(running.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.equal((await request.answer()).status, 200)
    for (const connection of [...tunnels, request]) connection.destroy()
  })

  promise('a server that has all it may have is sent no more for now', async () => {
    await using web = await server()
    await using running = await engine.start(gatewayFile([backend(web.port)]), limits)
    const silent = 'GET /silent HTTP/1.1\r\nHost: x\r\n\r\n'
    const held = await Promise.all([ask(running.port, silent), ask(running.port, silent)])
    await until(() => web.connections.length === 2)
    const request = await ask(running.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const expected = engine.differs('counts tunnels') ? 200 : 503
    assert.equal((await request.answer()).status, expected)
    for (const connection of [...held, request]) connection.destroy()
  })
})
