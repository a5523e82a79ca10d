import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { hashStream } from './manifest.ts'
import { listModules, type ModuleEntry } from './modules-list.ts'
import type { Pace } from './pace.ts'
import { readTextOrNull } from './read-text.ts'
import { unreadable } from './refuse.ts'
import type { Source } from './source.ts'
import type { Tree } from './tree.ts'
import type { ModulesFolder } from './types.ts'

/** What is installed for the app: its name by content, and everything in it. */
export type Modules = {
  readonly key: string
  readonly folders: readonly ModulesFolder[]
  readonly list: readonly ModuleEntry[]
  readonly bytes: number
}

/**
 * Looks at every `node_modules` of the root; null for an app that has none. Its key is made of the
 * lockfiles, of what the package manager says that it has installed, of every path with its size,
 * and of the content of whatever is newer than that: generated clients and patches. So a package
 * that is taken out, put in or patched by hand makes another key than the lockfile alone would.
 */
export async function readModules(source: Source, tree: Tree, pace: Pace): Promise<Modules | null> {
  if (tree.modules.length === 0) return null
  const { root } = source
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const name of source.lockfiles) hash.update(readFileSync(join(root, name)))
  const list: ModuleEntry[] = []
  for (const { path, target } of tree.modules) {
    hash.update(`${path}\n`)
    if (target !== null) hash.update(recordOf(target).text + target)
    else await addFolder(root, path, list, hash, pace)
  }
  const bytes = list.reduce((sum, { size }) => sum + size, 0)
  return { key: hash.digest('hex').slice(0, 16), folders: tree.modules, list, bytes }
}

type Hash = ReturnType<typeof createHash>

async function addFolder(
  root: string,
  top: string,
  list: ModuleEntry[],
  hash: Hash,
  pace: Pace,
): Promise<void> {
  const record = recordOf(join(root, top))
  hash.update(record.text)
  for (const entry of await listModules(root, top, pace)) {
    list.push(entry)
    const { path, kind, size, mode, target } = entry
    hash.update(`${kind} ${path} ${size} ${(mode & 0o100) !== 0} ${target ?? ''}\n`)
    const isPlain = kind === 'file' && entry.changedMs <= record.changedMs
    if (kind === 'file' && !isPlain && !records.has(path.slice(top.length + 1))) {
      hash.update(await contentOf(root, path))
    }
    if (target !== null && isAbsolute(target)) hash.update(realOf(target))
  }
}

async function contentOf(root: string, path: string): Promise<string> {
  const absolute = join(root, path)
  return await hashStream(absolute).catch((error: unknown) => {
    throw unreadable(absolute, error)
  })
}

function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return ''
  }
}

/** What package managers write when they have installed everything; some hold times, and only their lists count. */
const lists = ['.package-lock.json', '.pnpm/lock.yaml', '.yarn-state.yml', '.yarn-integrity']
const records = new Set([...lists, '.modules.yaml'])

function recordOf(folder: string): { text: string; changedMs: number } {
  for (const name of lists) {
    const path = join(folder, name)
    const text = readTextOrNull(path)
    if (text !== null) return { text, changedMs: statSync(path).mtimeMs }
  }
  return { text: '', changedMs: 0 }
}
