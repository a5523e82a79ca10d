import { createServer } from 'node:net'
import { resolveHost } from './resolve-host.ts'

/**
 * Whether nobody else holds this public address: false where another holder of this machine does.
 *
 * Holders bind with SO_REUSEPORT, so that the kernel would let two systems share a port, and spread
 * requests over both. Until the first one listens nothing shows that it is there: an app may take its
 * time to start. So each holder claims a name that the kernel gives to one process only, and takes
 * back when that ends (an abstract socket; Linux alone has them).
 */
export async function claimAddress(host: string, port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const { address } = await resolveHost(host)
  const server = createServer((socket) => socket.destroy())
  return await new Promise((resolve) => {
    // Anything else that goes wrong here is no reason not to hold.
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'EADDRINUSE'))
    server.listen(`\0banyan holder ${address} ${port}`, () => resolve(true))
  })
}
