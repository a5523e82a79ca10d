import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { WebSocketTunnel } from './tunnel.ts'

/** Both ends of a connection. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  return [near, far]
}

for (const [name, isWebSocket] of [
  ['a WebSocket whose server has ended does not stay for a client that does not end', true],
  ['of another protocol one side may end long before the other', false],
] as const) {
  test(name, async () => {
    const [client, down] = await pair()
    const [up, server] = await pair()
    let isClosed = false
    const onClose = (): void => {
      isClosed = true
    }
    const tunnel = new WebSocketTunnel(down, up, isWebSocket, onClose, 50)
    tunnel.begin(Buffer.alloc(0), Buffer.alloc(0))
    client.resume()
    server.resume()
    const ended = once(client, 'end')
    server.end()
    await ended
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.equal(isClosed, isWebSocket)
    tunnel.cut()
    for (const socket of [client, down, up, server]) socket.destroy()
  })
}
