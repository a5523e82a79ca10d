import { createHash } from 'node:crypto'
import { createServer } from 'node:net'

/** Where a node listens. */
export type Address = { readonly address: string; readonly port: number }

const familiarPort = 5432

/**
 * A private loopback address for a node, derived from a seed, so that a system finds the same one
 * again and two systems on one machine do not meet: `127.x.y.1:5432` on Linux, where the whole of
 * 127.0.0.0/8 is there without setting it up; elsewhere 127.0.0.1 and a free port. Never the port of
 * somebody else: each candidate is bound for a moment.
 *
 * @example
 * const { address, port } = await freeAddress('/srv/notes/.banyan/postgres-1')
 */
export async function freeAddress(seed: string, port = familiarPort): Promise<Address> {
  for (const candidate of candidates(seed, port)) {
    const bound = await tryToListen(candidate)
    if (typeof bound === 'object') return bound
  }
  throw new Error('No loopback address has a free port.')
}

/** The derived addresses on the wanted port first, then any free port of the first one. */
function* candidates(seed: string, port: number): Generator<Address> {
  if (process.platform === 'linux') {
    for (let attempt = 0; attempt < 8; attempt++) {
      yield { address: loopbackAddress(seed, attempt), port }
    }
    yield { address: loopbackAddress(seed, 0), port: 0 }
  }
  yield { address: '127.0.0.1', port }
  yield { address: '127.0.0.1', port: 0 }
}

/** 127.x.y.1 with x from 64 to 127: below are the addresses that people use by hand. */
export function loopbackAddress(seed: string, attempt = 0): string {
  const digest = createHash('sha256').update(`${seed}\n${attempt}`).digest()
  const [x = 0, y = 0] = digest
  return `127.${64 + (x % 64)}.${y}.1`
}

/** Listens for a moment. Gives the address with its port, or why it cannot be had. */
export async function tryToListen({
  address,
  port,
}: Address): Promise<Address | 'taken' | 'refused'> {
  const server = createServer()
  return await new Promise((resolve) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'EADDRINUSE' ? 'taken' : 'refused'),
    )
    server.listen({ host: address, port, exclusive: true }, () => {
      const bound = server.address()
      const found = typeof bound === 'object' && bound !== null ? bound.port : port
      server.close(() => resolve({ address, port: found }))
    })
  })
}
