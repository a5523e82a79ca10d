import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Connections } from '../http/connections.ts'
import { createServer } from '../node-http.ts'

const warmUpMs = 400
const connectionCount = 10

let isWarm = false

/**
 * Runs our own sending and receiving against a server of our own, until it is compiled. Otherwise the first
 * requests of a load would measure us: tens of milliseconds each. The system is not touched.
 */
export async function warmUp(): Promise<void> {
  if (isWarm) return
  isWarm = true
  const server = createServer((_request, response) => response.end('warm'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connections = new Connections(`http://127.0.0.1:${port}`, {
    keepAlive: connectionCount,
    timeoutMs: 5_000,
    now: () => performance.now(),
  })
  const endMs = performance.now() + warmUpMs
  const visit = async (number: number) => {
    for (let count = 0; performance.now() < endMs; count++) {
      const alone = (number + count) % 10 === 0
      await connections.send({ method: 'GET', path: '/', headers: {}, body: null }, alone)
    }
  }
  try {
    await Promise.all(Array.from({ length: connectionCount }, (_, number) => visit(number)))
  } finally {
    await connections.close()
    server.closeAllConnections()
    server.close()
  }
}
