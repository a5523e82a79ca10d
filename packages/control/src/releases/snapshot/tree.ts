import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type IgnoreFile, ruleFor } from './gitignore.ts'
import { ignoreFilesAbove, readIgnoreFile } from './ignore-files.ts'
import { readLink } from './links.ts'
import type { Pace } from './pace.ts'
import { isGone, refused, unreadable } from './refuse.ts'
import type { Source } from './source.ts'

/** One path of the app as it was seen, with what tells whether it has changed since. */
export type Seen = {
  readonly path: string
  readonly kind: 'file' | 'link' | 'folder'
  readonly size: number
  readonly mode: number
  /** Equal as long as nobody has written to it. */
  readonly stamp: string
  /** Of a link. */
  readonly target: string | null
}

export type Ignored = {
  readonly path: string
  readonly isFolder: boolean
  /** The rule and where it stands, for messages. */
  readonly pattern: string
  readonly place: string
}

/** Everything in the root that belongs to the app, and what was left out and why. */
export type Tree = {
  /** Sorted by path. */
  readonly seen: readonly Seen[]
  readonly ignored: readonly Ignored[]
  /** Sockets, pipes, devices: nothing that a release could hold. */
  readonly skipped: readonly { readonly path: string; readonly what: string }[]
  /** Every `node_modules`; the target of one that is a link out of the root. */
  readonly modules: readonly { readonly path: string; readonly target: string | null }[]
}

/** What a walk has to know of the app. */
type Ground = Pick<Source, 'root' | 'excluded' | 'kept'>

/** Walks the root. Links are never followed, ignored folders never entered. */
export async function readTree(source: Ground, pace: Pace): Promise<Tree> {
  const tree = { seen: [], ignored: [], skipped: [], modules: [] } as Growing
  const waiting: Folder[] = [{ path: '', ignores: ignoreFilesAbove(source.root) }]
  for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
    if (pace.isDue()) await pace.rest()
    waiting.push(...readFolder(source, folder, tree))
  }
  tree.seen.sort(byPath)
  tree.modules.sort(byPath)
  return tree
}

/** The first path that is not as it was; null when everything is. */
export function firstChange(before: Tree, after: Tree): string | null {
  for (let at = 0; at < Math.max(before.seen.length, after.seen.length); at += 1) {
    const [was, is] = [before.seen[at], after.seen[at]]
    if (was === undefined || is === undefined || was.path !== is.path) return firstOf(was, is)
    if (was.kind !== is.kind || was.stamp !== is.stamp || was.mode !== is.mode) return was.path
  }
  return null
}

/** Of two sorted lists that part here: the path that only one of them has. */
function firstOf(was: Seen | undefined, is: Seen | undefined): string {
  if (was === undefined || is === undefined) return (was ?? is)?.path ?? ''
  return [was, is].sort(byPath)[0]?.path ?? was.path
}

type Growing = { [Key in keyof Tree]: Tree[Key][number][] }
type Folder = { readonly path: string; readonly ignores: readonly IgnoreFile[] }

export function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}

/** Never part of an app: git's own records, and the state of systems. */
const leftOut = new Set(['.git', '.banyan'])

/** Adds what is in a folder, and returns the folders to go on with. */
function readFolder(source: Ground, { path, ignores }: Folder, tree: Growing): Folder[] {
  const absolute = join(source.root, path)
  const names = namesIn(absolute)
  const own = names?.includes('.gitignore') ? readIgnoreFile(absolute) : null
  const inner = own === null ? ignores : [...ignores, own]
  // Gone since it was seen, or empty: an app may count on a folder being there.
  if (names?.length === 0 && path !== '') tree.seen.push(seen(path, 'folder', lstat(absolute)))
  return (names ?? []).flatMap((name) => {
    if (leftOut.has(name)) return []
    const child = path === '' ? name : `${path}/${name}`
    return readEntry(source, child, inner, tree) ? [{ path: child, ignores: inner }] : []
  })
}

/** Adds one entry; true for a folder to go into. */
function readEntry(
  source: Ground,
  path: string,
  ignores: readonly IgnoreFile[],
  tree: Growing,
): boolean {
  const absolute = join(source.root, path)
  if (source.excluded.has(absolute)) return false
  const stat = lstat(absolute)
  if (stat === null) return false
  if (path.endsWith('/node_modules') || path === 'node_modules') {
    const link = stat.isSymbolicLink() ? readLink(source.root, path) : null
    if (stat.isDirectory() || link?.leadsOut === true) {
      tree.modules.push({ path, target: link?.target ?? null })
      return false
    }
  }
  const rule = ruleFor(ignores, absolute, stat.isDirectory())
  if (rule !== null && !rule.keeps && !source.kept.has(absolute)) {
    const { pattern, place } = rule
    tree.ignored.push({ path, isFolder: stat.isDirectory(), pattern, place })
    return false
  }
  if (stat.isDirectory()) return true
  if (stat.isFile()) tree.seen.push(seen(path, 'file', stat))
  else if (stat.isSymbolicLink()) tree.seen.push(seenLink(source.root, path, stat))
  else
    tree.skipped.push({
      path,
      what: stat.isSocket() ? 'socket' : stat.isFIFO() ? 'pipe' : 'device',
    })
  return false
}

function seen(
  path: string,
  kind: Seen['kind'],
  stat: BigIntStats | null,
  target: string | null = null,
): Seen {
  if (stat === null) return { path, kind, size: 0, mode: 0, stamp: 'gone', target }
  const { size, mode, ino, mtimeNs, ctimeNs } = stat
  const stamp = kind === 'file' ? `${ino}:${size}:${mtimeNs}:${ctimeNs}` : (target ?? '')
  return {
    path,
    kind,
    size: kind === 'file' ? Number(size) : 0,
    mode: Number(mode) & 0o777,
    stamp,
    target,
  }
}

function seenLink(root: string, path: string, stat: BigIntStats): Seen {
  const { target, leadsOut } = readLink(root, path)
  if (!leadsOut) return seen(path, 'link', stat, target)
  throw refused(
    `${path} is a link that leads out of ${root}, to ${target}: what lies there would change under a release that runs.`,
    `Put what the app needs inside ${root}; or, when it is data and not code, name "${path}" in .gitignore and give the app its absolute path in \`env:\`.`,
    { path, target },
  )
}

function namesIn(folder: string): string[] | null {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isGone(error)) return null
    throw unreadable(folder, error)
  }
}

function lstat(path: string): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true })
  } catch (error) {
    if (isGone(error)) return null
    throw unreadable(path, error)
  }
}
