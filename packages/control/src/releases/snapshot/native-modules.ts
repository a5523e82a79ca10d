import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { refused } from './refuse.ts'
import type { Source } from './source.ts'
import type { Ignored, Tree } from './tree.ts'

/** Where tools put the native modules that they compile: node-gyp, prebuildify, napi. */
const folders = /(^|\/)(build|prebuilds|native)$/
const depthMax = 3

/**
 * Refuses an app that compiles a native module of its own, which git ignores, and has no `build:` that
 * compiles it again: the release would lack it, and say so only when it runs.
 */
export function checkNativeModules({ root, system }: Source, { ignored }: Tree): void {
  if (system.services.some(({ build }) => build !== null)) return
  for (const entry of ignored) {
    const module = entry.isFolder ? nativeIn(root, entry) : nativeFile(entry.path)
    if (module === null) continue
    throw refused(
      `${module} is a native module of the app, which the rule "${entry.pattern}" leaves out (${entry.place}): the release would lack it.`,
      'Give the service the command that compiles it, for example build: \'npx node-gyp rebuild\'; or keep it with the code, by a line "!…" in .gitignore.',
      { path: module, rule: entry.place },
    )
  }
}

const nativeFile = (path: string) => (path.endsWith('.node') ? path : null)

function nativeIn(root: string, { path }: Ignored): string | null {
  return folders.test(path) ? search(root, path, depthMax) : null
}

function search(root: string, folder: string, depth: number): string | null {
  const entries = entriesOf(join(root, folder))
  const file = entries.find((entry) => entry.isFile() && entry.name.endsWith('.node'))
  if (file) return `${folder}/${file.name}`
  if (depth === 0) return null
  for (const entry of entries) {
    // node-gyp keeps what it links from beside what it has made.
    if (!entry.isDirectory() || entry.name === 'obj.target') continue
    const found = search(root, `${folder}/${entry.name}`, depth - 1)
    if (found !== null) return found
  }
  return null
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
