import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const compress = promisify(gzip)

/** A built file of the console as it is served. */
export type Asset = {
  readonly type: string
  readonly body: Buffer
  /** Null where it does not get smaller. */
  readonly gzip: Buffer | null
  /** Its name has a digest of its content, so that no other content ever has it. */
  readonly immutable: boolean
}

/** By the path of their URL; the page itself is `/`. */
export type Assets = ReadonlyMap<string, Asset>

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
}

/** Where the built files lie: beside control once it is published, else in the repository. */
export function findAssets(): string | null {
  const places = ['../../console', '../../../../apps/console/dist']
  const folders = places.map((place) => fileURLToPath(new URL(place, import.meta.url)))
  return folders.find((folder) => existsSync(join(folder, 'index.html'))) ?? null
}

/**
 * Reads all built files at once: nothing else is ever served, whatever a path says, and a page keeps its
 * scripts when the files are built anew.
 */
export async function readAssets(folder: string): Promise<Assets> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const read = entries.map(async (entry): Promise<readonly [string, Asset][]> => {
    const type = types[extname(entry.name)]
    if (!entry.isFile() || type === undefined) return []
    const file = join(entry.parentPath, entry.name)
    const path = `/${relative(folder, file).replaceAll('\\', '/')}`
    const asset = await assetOf(path, type, await readFile(file))
    return [[path === '/index.html' ? '/' : path, asset]]
  })
  return new Map((await Promise.all(read)).flat())
}

/** Compressed once, and in a thread of its own: control has a system to look after meanwhile. */
async function assetOf(path: string, type: string, body: Buffer): Promise<Asset> {
  const smaller = await compress(body, { level: 9 })
  const immutable = /^\/assets\/.+-[\w-]{8,}\.\w+$/.test(path)
  return { type, body, gzip: smaller.length < body.length ? smaller : null, immutable }
}
