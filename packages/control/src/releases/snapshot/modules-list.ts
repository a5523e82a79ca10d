import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readLink } from './links.ts'
import type { Pace } from './pace.ts'
import { isGone, unreadable } from './refuse.ts'

/** One path in a `node_modules`, relative to the root of the app. */
export type ModuleEntry = {
  readonly path: string
  readonly kind: 'file' | 'link' | 'folder'
  readonly size: number
  readonly mode: number
  readonly changedMs: number
  /** Of a link: relative when it stays in the root, else absolute. */
  readonly target: string | null
}

/** Made by tools as they go, and made again when they are missing. */
const caches = /^\.(cache|vite|vite-temp|pnpm-workspace-state.*)$/

/** Everything in one `node_modules`, folders before what is in them. Links are not followed. */
export async function listModules(root: string, top: string, pace: Pace): Promise<ModuleEntry[]> {
  const list: ModuleEntry[] = []
  const waiting = [top]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const name of namesIn(join(root, folder))) {
      if (pace.isDue()) await pace.rest()
      if (folder === top && caches.test(name)) continue
      const entry = readEntry(root, `${folder}/${name}`)
      if (entry === null) continue
      list.push(entry)
      if (entry.kind === 'folder') waiting.push(entry.path)
    }
  }
  return list
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    if (isGone(error)) return []
    throw unreadable(folder, error)
  }
}

function readEntry(root: string, path: string): ModuleEntry | null {
  const absolute = join(root, path)
  try {
    const stat = lstatSync(absolute)
    const facts = { path, mode: stat.mode & 0o777, changedMs: stat.mtimeMs }
    if (stat.isDirectory()) return { ...facts, kind: 'folder', size: 0, target: null }
    if (stat.isFile()) return { ...facts, kind: 'file', size: stat.size, target: null }
    if (!stat.isSymbolicLink()) return null
    return { ...facts, kind: 'link', size: 0, target: readLink(root, path).target }
  } catch (error) {
    if (isGone(error)) return null
    throw unreadable(absolute, error)
  }
}
