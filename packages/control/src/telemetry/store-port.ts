import { createHash } from 'node:crypto'
import { tryToListen } from '../engines/postgres/engine.ts'
import type { StatePaths } from '../state/paths.ts'

/** The store is asked by this machine alone. */
export const storeHost = '127.0.0.1'

/*
 * Below the ports of nodes (see climb/ports.ts), which are looked for while the store does not listen yet.
 * Derived from the state directory, so that two systems seldom meet.
 */
const lowest = 17_000
const highest = 20_000

/** A port of this machine where nobody listens, other than those that were tried in vain. */
export async function freeStorePort(
  { directory }: Pick<StatePaths, 'directory'>,
  tried: ReadonlySet<number> = new Set(),
): Promise<number> {
  const digest = createHash('sha256').update(`${directory}\nstore`).digest()
  const first = digest.readUInt32BE(0) % (highest - lowest)
  for (let step = 0; step < highest - lowest; step += 1) {
    const port = lowest + ((first + step) % (highest - lowest))
    if (!tried.has(port) && (await isFree(port))) return port
  }
  throw new Error(`No port from ${lowest} to ${highest} is free.`)
}

export async function isFree(port: number): Promise<boolean> {
  return typeof (await tryToListen({ address: storeHost, port })) === 'object'
}
