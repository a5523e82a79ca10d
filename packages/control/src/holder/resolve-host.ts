import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

export type Resolved = { readonly address: string; readonly family: 4 | 6 }

/** The address that a host name stands for, as Node's own `listen` takes it. */
export async function resolveHost(host: string): Promise<Resolved> {
  const kind = isIP(host)
  if (kind !== 0) return { address: host, family: kind === 6 ? 6 : 4 }
  const { address, family } = await lookup(host)
  return { address, family: family === 6 ? 6 : 4 }
}
