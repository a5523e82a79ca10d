import { constants, linkSync, mkdirSync, symlinkSync } from 'node:fs'
import { chmod, copyFile, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StatePaths } from '../../state/paths.ts'
import type { Modules } from './modules.ts'
import type { ModuleEntry } from './modules-list.ts'
import { Pace } from './pace.ts'
import { modulesCache, modulesFolder, removeLeftBehind, takingName } from './places.ts'
import { isGone, unreadable, unwritable } from './refuse.ts'
import type { Store } from './store-of.ts'

type Making = {
  readonly root: string
  readonly modules: Modules
  readonly store: Store
  readonly signal: AbortSignal | undefined
}

/** Whether the store has the modules already. */
export async function hasModules(
  paths: Pick<StatePaths, 'directory'>,
  key: string,
): Promise<boolean> {
  return await isFolder(join(modulesFolder(paths), key))
}

/**
 * Makes `<state>/modules/<key>`, whole or not at all. With `BANYAN_MODULES_CACHE` the files are made
 * once in that folder and hard-linked from there; files of a store are never written to, so that
 * whoever shares them sees them as they were.
 *
 * Returns whether it read the modules of the app itself, which may have changed meanwhile.
 */
export async function makeModules(paths: StatePaths, making: Making): Promise<boolean> {
  const { root, store } = making
  const place = join(modulesFolder(paths), store.key)
  const cache = modulesCache()
  if (store.isOwn || cache === null) {
    await makeWhole(place, making, root)
    return true
  }
  const shared = join(cache, store.key)
  const isThere = await isFolder(shared)
  if (!isThere) await makeWhole(shared, making, root)
  await makeWhole(place, making, shared, { byLink: true })
  return !isThere
}

/** Takes modules away again that turned out to be of no moment. */
export async function forgetModules(paths: StatePaths, { key }: Store): Promise<void> {
  const folders = [modulesFolder(paths), modulesCache() ?? modulesFolder(paths)]
  for (const folder of folders) await rm(join(folder, key), { recursive: true, force: true })
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true
}

/** Makes a folder beside the place and moves it there; when another process was faster, its folder stays. */
async function makeWhole(
  place: string,
  making: Making,
  from: string,
  { byLink = false } = {},
): Promise<void> {
  const parent = dirname(place)
  await mkdir(parent, { recursive: true }).catch((error: unknown) => {
    throw unwritable(parent, error)
  })
  await removeLeftBehind(parent)
  const taking = join(parent, takingName())
  try {
    await makeFolders(taking, making)
    await fill(taking, making, from, byLink)
    await rename(taking, place).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw unwritable(place, error)
    })
  } finally {
    await rm(taking, { recursive: true, force: true })
  }
}

async function makeFolders(taking: string, { modules, signal }: Making): Promise<void> {
  const pace = new Pace(signal)
  const make = (path: string) => {
    try {
      mkdirSync(join(taking, path), { recursive: true })
    } catch (error) {
      throw unwritable(join(taking, path), error)
    }
  }
  make('')
  for (const { path, target } of modules.folders) if (target === null) make(path)
  for (const { kind, path } of modules.list) {
    if (kind !== 'folder') continue
    make(path)
    if (pace.isDue()) await pace.rest()
  }
}

/** As many copies at a time as Node has threads for, with some waiting. */
const copiesAtOnce = 16

async function fill(taking: string, making: Making, from: string, byLink: boolean): Promise<void> {
  const pace = new Pace(making.signal)
  const files: ModuleEntry[] = []
  for (const entry of making.modules.list) {
    if (pace.isDue()) await pace.rest()
    const { kind, path, target } = entry
    const to = join(taking, path)
    if (kind === 'link') makeLink(target ?? '', to)
    else if (kind === 'file' && !(byLink && canLink(join(from, path), to))) files.push(entry)
  }
  const next = files.values()
  const copyAll = async () => {
    for (const entry of next) {
      making.signal?.throwIfAborted()
      await copyModule(entry, join(from, entry.path), join(taking, entry.path), making.store)
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: copiesAtOnce }, copyAll))
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
}

function makeLink(target: string, to: string): void {
  try {
    symlinkSync(target, to)
  } catch (error) {
    throw unwritable(to, error)
  }
}

/** Across file systems, or between users, files cannot be linked: they are copied. */
function canLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch {
    return false
  }
}

/** Copies one file and, when it is for several releases, takes the right to write away from it. */
async function copyModule(
  { mode }: ModuleEntry,
  from: string,
  to: string,
  { isOwn }: Store,
): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    await chmod(to, isOwn ? mode | 0o600 : (mode | 0o400) & ~0o222)
  } catch (error) {
    throw isGone(error) || isReading(error, from) ? unreadable(from, error) : unwritable(to, error)
  }
}

function isReading(error: unknown, from: string): boolean {
  const { code, path } = error as NodeJS.ErrnoException
  return code === 'EACCES' && path === from
}
