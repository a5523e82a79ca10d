import { chmodSync, constants, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hashOf, hashStream, smallBytes } from './manifest.ts'
import type { Pace } from './pace.ts'
import { isGone, unreadable, unwritable } from './refuse.ts'
import type { Seen, Tree } from './tree.ts'
import type { ManifestEntry } from './types.ts'

/**
 * Copies the app's own files. The path of the first one whose copy is not what the manifest says of
 * it, because it was changed or went away since; null when the copy is whole.
 */
export async function copyApp(
  root: string,
  tree: Tree,
  manifest: readonly ManifestEntry[],
  app: string,
  pace: Pace,
): Promise<string | null> {
  const made = new Set<string>()
  for (const [index, seen] of tree.seen.entries()) {
    if (pace.isDue()) await pace.rest()
    const to = join(app, seen.path)
    const folder = seen.kind === 'folder' ? to : dirname(to)
    if (!made.has(folder)) writing(folder, () => mkdirSync(folder, { recursive: true }))
    made.add(folder)
    if (seen.kind === 'link') writing(to, () => symlinkSync(seen.target ?? '', to))
    const expected = manifest[index]
    if (expected?.kind !== 'file') continue
    if ((await copyOne(join(root, seen.path), to, seen)) !== expected.hash) return seen.path
  }
  return null
}

/** The hash of the copy, or null when the file has gone. */
async function copyOne(from: string, to: string, seen: Seen): Promise<string | null> {
  const { size } = seen
  // Secrets are nobody else's, whoever could read them where they come from.
  const mode = basename(seen.path).startsWith('.env') ? 0o600 : seen.mode
  if (size > smallBytes) return await copyBig(from, to)
  const content = readOrNull(from)
  if (content === null) return null
  // Never over another one: on a disk that does not tell A from a, two files would become one.
  writing(to, () => writeFileSync(to, content, { flag: 'wx', mode: mode | 0o600 }))
  if ((mode & 0o022) !== 0) writing(to, () => chmodSync(to, mode | 0o600))
  return hashOf(content)
}

/** A big file is cloned where the disk can do that, and hashed where nobody writes to it any more. */
async function copyBig(from: string, to: string): Promise<string | null> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
  } catch (error) {
    if (isGone(error)) return null
    throw (error as NodeJS.ErrnoException).code === 'EACCES'
      ? unreadable(from, error)
      : unwritable(to, error)
  }
  return await hashStream(to)
}

function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isGone(error)) return null
    throw unreadable(path, error)
  }
}

function writing(path: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    throw unwritable(path, error)
  }
}
