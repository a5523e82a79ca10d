import { randomBytes } from 'node:crypto'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { StatePaths } from '../../state/paths.ts'
import { modulesFolder, snapshotsFolder, takingsIn } from './places.ts'
import { readSnapshotFile } from './read.ts'
import { isGone, unwritable } from './refuse.ts'

type Place = Pick<StatePaths, 'directory'>

/**
 * Removes every snapshot whose digest is not among those kept, and the modules that none needs any
 * more. What is taken at this moment stays, and so do the modules of a snapshot that cannot be read.
 *
 * `spareMs`: a snapshot younger than so many milliseconds stays as well, since whoever took it may be
 * about to release it. Default 0.
 *
 * @example await pruneSnapshots(paths, releases.map(({ snapshot }) => snapshot))
 */
export async function pruneSnapshots(
  paths: Place,
  keptDigests: readonly string[],
  { spareMs = 0 }: { readonly spareMs?: number } = {},
): Promise<void> {
  const folder = snapshotsFolder(paths)
  await finishRemoving(folder)
  await finishRemoving(modulesFolder(paths))
  const digests = (await namesIn(folder)).filter((name) => digestPattern.test(name))
  for (const digest of digests) {
    if (keptDigests.includes(digest) || (await isYoung(join(folder, digest), spareMs))) continue
    await removeWhole(folder, digest)
  }
  await pruneModules(paths)
}

async function isYoung(path: string, spareMs: number): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }))
  return Date.now() - mtimeMs < spareMs
}

const digestPattern = /^[0-9a-f]{16}$/

/** A taker needs modules that no snapshot names yet, so that none goes while one is at work. */
async function pruneModules(paths: Place): Promise<void> {
  const folder = snapshotsFolder(paths)
  if ((await takingsIn(folder)).some(({ lives }) => lives)) return
  const digests = (await namesIn(folder)).filter((name) => digestPattern.test(name))
  const files = await Promise.all(
    digests.map((digest) => readSnapshotFile(join(folder, digest)).catch(() => null)),
  )
  if (files.some((file) => file === null)) return
  const needed = new Set(files.map((file) => file?.modules))
  for (const key of await namesIn(modulesFolder(paths))) {
    if (digestPattern.test(key) && !needed.has(key)) await removeWhole(modulesFolder(paths), key)
  }
}

/** First its name, then its content: nobody finds half of one. */
export async function removeWhole(folder: string, name: string): Promise<void> {
  const gone = join(folder, `.gone-${randomBytes(4).toString('hex')}`)
  try {
    await rename(join(folder, name), gone)
    await rm(gone, { recursive: true, force: true })
  } catch (error) {
    if (!isGone(error)) throw unwritable(join(folder, name), error)
  }
}

async function finishRemoving(folder: string): Promise<void> {
  const gone = (await namesIn(folder)).filter((name) => name.startsWith('.gone-'))
  for (const name of gone) await rm(join(folder, name), { recursive: true, force: true })
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => [])
}
