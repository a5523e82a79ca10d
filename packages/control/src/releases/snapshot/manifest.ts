import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { System } from '@banyan/model'
import type { Pace } from './pace.ts'
import { isGone, unreadable } from './refuse.ts'
import type { Seen, Tree } from './tree.ts'
import { type ManifestEntry, snapshotFormat } from './types.ts'

/** Files up to this size are read in one go. */
export const smallBytes = 512 * 1024

/** Reads every file where it lies. Null for a path says that it went away meanwhile. */
export async function hashTree(root: string, tree: Tree, pace: Pace): Promise<ManifestEntry[]> {
  const manifest: ManifestEntry[] = []
  for (const seen of tree.seen) {
    if (pace.isDue()) await pace.rest()
    manifest.push(entryOf(seen, seen.kind === 'file' ? await hashFile(root, seen) : ''))
  }
  return manifest
}

/** What the manifest says of a path whose content has this hash. */
export function entryOf({ path, kind, mode, target }: Seen, hash: string): ManifestEntry {
  if (kind === 'file') return { kind, path, hash, runs: (mode & 0o100) !== 0 }
  return kind === 'link' ? { kind, path, target: target ?? '' } : { kind, path }
}

async function hashFile(root: string, { path, size }: Seen): Promise<string> {
  const absolute = join(root, path)
  try {
    return size <= smallBytes ? hashOf(readFileSync(absolute)) : await hashStream(absolute)
  } catch (error) {
    if (isGone(error)) return 'gone'
    throw unreadable(absolute, error)
  }
}

export function hashOf(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

export async function hashStream(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}

/** The name of a content. The system comes with its paths as they would be in one fixed place. */
export function digestOf(
  manifest: readonly ManifestEntry[],
  modules: string | null,
  system: System,
): string {
  return hashOf(JSON.stringify([snapshotFormat, manifest, modules, system])).slice(0, 16)
}
