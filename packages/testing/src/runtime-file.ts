import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyType, RuntimeFile, Table } from '@banyan/model'

export type RuntimeFileOptions = {
  /** Of the role that the service connects as. */
  readonly url: string
  readonly tables?: readonly Table[]
  /** Default: `text`. */
  readonly keyType?: KeyType | null
  /** Default: 10. */
  readonly connectionsMax?: number
  /** Narrow mode, for which the database has to be made ready. Default: off. */
  readonly narrow?: boolean
  /** Whether it is a database that somebody else runs, reached by the URL itself. */
  readonly adopted?: boolean
  /** Whether a pooler stands before that one. */
  readonly pooled?: boolean
}

/** The content of the file that `BANYAN_SYSTEM` names, for a system on one database. */
export function runtimeFile(options: RuntimeFileOptions): RuntimeFile {
  const { url, tables = [], keyType = 'text', connectionsMax = 10 } = options
  const { adopted = false, pooled = false, narrow = false } = options
  const { hostname, port, pathname, username, password } = new URL(url)
  return {
    format: 1,
    system: {
      name: 'test',
      root: tmpdir(),
      services: [],
      data: {
        migrations: null,
        tables,
        postgres: 'embedded',
        memoryMb: null,
        replicas: 2,
        synchronous: { quorum: 1, durability: 'required' },
        lagBytesMax: 16_777_216,
        url: null,
      },
      assets: null,
      balancer: { balance: 'round-robin', sticky: false, slowStartMs: 0 },
      proof: null,
    },
    node: 'web-1',
    service: 'web',
    keyType,
    catalogVersion: 1,
    shards: [
      {
        name: 'main',
        members: [{ name: 'db-1', host: hostname, port: Number(port) }],
        database: pathname.slice(1),
        user: decodeURIComponent(username),
        password: decodeURIComponent(password),
        ...(adopted && { url }),
        ...(pooled && { pooled }),
      },
    ],
    connectionsMax,
    ...(adopted && { adopted }),
    ...(narrow && { narrow }),
  }
}

/**
 * Writes the file that `BANYAN_SYSTEM` names, as control does, into a folder of its own.
 *
 * @example
 * const system = await writeRuntimeFile({ url: appUrl, tables, keyType: 'uuid' })
 * process.env['BANYAN_SYSTEM'] = system.path
 * after(() => system.remove())
 */
export async function writeRuntimeFile(
  options: RuntimeFileOptions,
): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'banyan-system-'))
  const path = join(directory, 'system.json')
  await writeFile(path, JSON.stringify(runtimeFile(options)), { mode: 0o600 })
  return { path, remove: () => rm(directory, { recursive: true, force: true }) }
}
