import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Modules } from './modules.ts'
import type { ModuleEntry } from './modules-list.ts'
import type { Pace } from './pace.ts'
import { unwritable } from './refuse.ts'

/**
 * Makes every `node_modules` of a snapshot: a real folder, in which the tools of the app may keep
 * their caches, of links into the store. Links that lead to another place in the root (`.bin`,
 * workspaces) stay as they are, so that they lead into the snapshot.
 */
export async function linkModules(
  app: string,
  store: string,
  { folders, list }: Modules,
  pace: Pace,
): Promise<void> {
  for (const { path, target } of folders) {
    if (target !== null) makeLink(target, join(app, path))
    else makeFolder(join(app, path))
  }
  const depths = new Map(folders.map(({ path }) => [path, path.split('/').length]))
  for (const entry of list) {
    if (pace.isDue()) await pace.rest()
    if (isShown(entry, depths)) show(app, store, entry)
  }
}

/** Entries of a `node_modules`, and those of its scopes and of `.bin`, which are real folders too. */
function isShown({ path }: ModuleEntry, depths: ReadonlyMap<string, number>): boolean {
  const parent = dirname(path)
  return depths.has(parent) || (isRealFolder(parent) && depths.has(dirname(parent)))
}

function isRealFolder(path: string): boolean {
  return /\/(@[^/]*|\.bin)$/.test(path)
}

function show(app: string, store: string, { path, kind, target }: ModuleEntry): void {
  const to = join(app, path)
  if (kind === 'link') makeLink(target ?? '', to)
  else if (kind === 'folder' && isRealFolder(path)) makeFolder(to)
  else makeLink(relative(dirname(to), join(store, path)), to)
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    throw unwritable(path, error)
  }
}

function makeLink(target: string, path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(target, path)
  } catch (error) {
    throw unwritable(path, error)
  }
}
