import { connect } from 'node:net'
import type { Address } from './free-address.ts'

/**
 * `accepting`: a session could begin. `starting`: it answers that it is not ready yet.
 * `silent`: nobody answers, or somebody who is not PostgreSQL.
 */
export type Readiness = 'accepting' | 'starting' | 'silent'

const probeTimeoutMs = 1_000

/**
 * Asks a server as a client would, up to the point where it wants a password. While it starts, stops
 * or recovers it refuses with 57P03 before that point.
 */
export async function probe({ address, port }: Address): Promise<Readiness> {
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port })
    const settle = (readiness: Readiness): void => {
      socket.destroy()
      resolve(readiness)
    }
    let answer = Buffer.alloc(0)
    socket.setTimeout(probeTimeoutMs, () => settle('silent'))
    socket.once('connect', () => socket.write(startupMessage()))
    socket.once('error', () => settle('silent'))
    socket.once('close', () => settle('silent'))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      const readiness = classifyAnswer(answer)
      if (readiness !== null) settle(readiness)
    })
  })
}

/** Protocol 3.0: length, version, then pairs of names and values. */
function startupMessage(): Buffer {
  const pairs = ['user', 'banyan_probe', 'database', 'postgres', 'application_name', 'banyan probe']
  const body = Buffer.from(`${pairs.join('\0')}\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(head.length + body.length, 0)
  head.writeInt32BE(3 << 16, 4)
  return Buffer.concat([head, body])
}

/** Null while the answer is not complete. */
export function classifyAnswer(answer: Buffer): Readiness | null {
  if (answer.length < 5) return null
  const kind = String.fromCharCode(answer[0] ?? 0)
  if (kind === 'R') return 'accepting'
  if (kind !== 'E') return 'silent'
  if (answer.length < 1 + answer.readInt32BE(1)) return null
  const fields = answer.subarray(5).toString('latin1').split('\0')
  const state = fields.find((field) => field.startsWith('C'))?.slice(1)
  // Any other refusal (too many clients, no such user) comes from a server that serves.
  return state === '57P03' ? 'starting' : 'accepting'
}
