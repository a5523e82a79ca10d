import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { forgiveBroken, writeJson } from '../../state/files.ts'
import { copyApp } from './copy-app.ts'
import { checkInstalled } from './installed.ts'
import { makeFolder } from './make-folder.ts'
import { readModules } from './modules.ts'
import { linkModules } from './modules-links.ts'
import { forgetModules, hasModules, makeModules } from './modules-store.ts'
import { checkNamedPaths } from './named-paths.ts'
import { checkNativeModules } from './native-modules.ts'
import { Pace } from './pace.ts'
import { modulesFolder, snapshotFolder, snapshotsFolder, takingName } from './places.ts'
import { removeWhole } from './prune.ts'
import { appOf, findSnapshot, manifestFileOf, readSnapshot, snapshotFileOf } from './read.ts'
import { holderOf, rebase } from './rebase.ts'
import { unwritable } from './refuse.ts'
import { sayAmount, saySkipped } from './say.ts'
import { look, type Sight } from './sight.ts'
import type { Source } from './source.ts'
import { firstChange, readTree } from './tree.ts'
import {
  type ManifestFile,
  type Snapshot,
  type SnapshotFile,
  type SnapshotRequest,
  snapshotFormat,
} from './types.ts'

/** The path that changed while it was copied: the copy is none of any moment. */
export type Changed = { readonly changed: string }

/** Takes a snapshot unless something changes meanwhile, and finds the one that has this content already. */
export async function attemptSnapshot(
  request: SnapshotRequest,
  source: Source,
): Promise<Snapshot | Changed> {
  const pace = new Pace(request.signal)
  const sight = await look(source, pace)
  checkInstalled(source, sight.tree)
  checkNamedPaths(source, sight.tree, request.config)
  checkNativeModules(source, sight.tree)
  const found = await findWhole(request.paths, sight.digest)
  if (found !== null) return found
  for (const skipped of sight.tree.skipped) request.onProgress?.(saySkipped(skipped))
  const taking = join(snapshotsFolder(request.paths), takingName())
  try {
    const changed = await fill(taking, request, source, sight, pace)
    if (changed !== null) return { changed }
    return await finish(taking, request, source, sight)
  } finally {
    await rm(taking, { recursive: true, force: true })
  }
}

/** Copies what was seen, and looks again: null when all of it is as it was. */
async function fill(
  taking: string,
  request: SnapshotRequest,
  source: Source,
  { tree, modules, manifest }: Sight,
  pace: Pace,
): Promise<string | null> {
  const from = performance.now()
  const app = appOf(taking)
  await makeFolder(app)
  const changed = await copyApp(source.root, tree, manifest, app, pace)
  if (changed !== null) return changed
  request.onProgress?.(sayAmount('the app', tree.seen, performance.now() - from))
  if (modules !== null) {
    if (!(await keepModules(request, source, modules, pace))) return 'node_modules'
    const store = join(modulesFolder(request.paths), modules.store.key)
    await linkModules(app, store, modules, pace)
  }
  return firstChange(tree, await readTree(source, pace))
}

/** Puts what is installed into the store, where it is not there yet; false when it changed meanwhile. */
async function keepModules(
  { paths, signal, onProgress }: SnapshotRequest,
  source: Source,
  modules: NonNullable<Sight['modules']>,
  pace: Pace,
): Promise<boolean> {
  const { store, list, key } = modules
  const isLinked = modules.folders.every(({ target }) => target !== null)
  if (isLinked || (await hasModules(paths, store.key))) return true
  const from = performance.now()
  const isRead = await makeModules(paths, { root: source.root, modules, store, signal })
  onProgress?.(sayAmount('node_modules', list, performance.now() - from))
  if (!isRead) return true
  const after = await readModules(source, await readTree(source, pace), pace)
  if (after?.key === key) return true
  await forgetModules(paths, store)
  return false
}

/** Writes the record and gives the snapshot its name; when another process was faster, its own stays. */
async function finish(
  taking: string,
  { paths }: SnapshotRequest,
  source: Source,
  { tree, modules, manifest, digest }: Sight,
): Promise<Snapshot> {
  const folder = snapshotFolder(paths, digest)
  const file: SnapshotFile = {
    format: snapshotFormat,
    digest,
    takenAt: new Date().toISOString(),
    app: appOf(folder),
    system: rebase(source.system, source.root, appOf(folder), holderOf(manifest)),
    installed: modules?.key ?? null,
    modules: modules?.store.key ?? null,
    modulesFolders: modules?.folders ?? [],
    files: manifest.filter(({ kind }) => kind !== 'folder').length,
    bytes: tree.seen.reduce((sum, { size }) => sum + size, 0),
  }
  await writeManifest(manifestFileOf(taking), { manifest })
  await writeJson(snapshotFileOf(taking), file, 0o600)
  const isTaken = await renameUnlessThere(taking, folder)
  if (isTaken && (await findWhole(paths, digest)) === null) {
    await removeWhole(snapshotsFolder(paths), digest)
    await renameUnlessThere(taking, folder)
  }
  return await readSnapshot(paths, digest)
}

/** One that is damaged is as good as none: the same content is there to copy it from again. */
async function findWhole(
  paths: SnapshotRequest['paths'],
  digest: string,
): Promise<Snapshot | null> {
  return await findSnapshot(paths, digest).catch(forgiveBroken)
}

/** Whether something had the name already, which then keeps it. */
async function renameUnlessThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return false
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return true
    throw unwritable(to, error)
  }
}

/** In one line: nobody reads it with their own eyes, and that halves it. */
async function writeManifest(path: string, file: ManifestFile): Promise<void> {
  await writeFile(path, JSON.stringify(file), { mode: 0o600, flush: true }).catch((error) => {
    throw unwritable(path, error)
  })
}
