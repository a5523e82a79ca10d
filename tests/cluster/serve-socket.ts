// A public socket as control passes it on, and the file it writes beside. Not a test.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type BoundHandle = { fd: number; close(): void; getsockname(out: object): void }

/** A socket that is bound and on which nobody listens yet. */
export type BoundSocket = { readonly fd: number; readonly port: number; [Symbol.dispose](): void }

export function bindSocket(): BoundSocket {
  const { _createServerHandle: create } = net as unknown as {
    _createServerHandle(address: string, port: number, type: 4): BoundHandle | number
  }
  const handle = create('127.0.0.1', 0, 4)
  if (typeof handle === 'number') throw new Error(`cannot bind (${handle})`)
  const name: { port?: number } = {}
  handle.getsockname(name)
  return { fd: handle.fd, port: name.port ?? 0, [Symbol.dispose]: () => handle.close() }
}

export const controlToken = 'token-of-control'

export const metricsToken = 'token-of-metrics'

/** The file that `BANYAN_SYSTEM` names, with tokens for `/-/control`, `/-/metrics` and `/-/prove`. */
export function writeSystemFile(): { readonly path: string; [Symbol.dispose](): void } {
  const directory = mkdtempSync(join(tmpdir(), 'banyan-serve-'))
  const path = join(directory, 'system.json')
  const system = { name: 'notes', services: [] }
  const telemetry = { otlp: null, traces: { share: 0, slowMs: 500 }, metricsToken }
  const tokens = { controlToken, proveToken: 'p', telemetry }
  const file = { format: 1, system, shards: [], connectionsMax: 1, ...tokens }
  writeFileSync(path, JSON.stringify(file), { mode: 0o600 })
  return { path, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) }
}
