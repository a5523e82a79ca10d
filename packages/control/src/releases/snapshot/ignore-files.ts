import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type IgnoreFile, parseIgnoreFile } from './gitignore.ts'
import { isGone, unreadable } from './refuse.ts'

/** The `.gitignore` of a folder, or null where there is none. */
export function readIgnoreFile(folder: string): IgnoreFile | null {
  const path = join(folder, '.gitignore')
  try {
    return { folder, rules: parseIgnoreFile(readFileSync(path, 'utf8'), path) }
  } catch (error) {
    if (isGone(error) || (error as NodeJS.ErrnoException).code === 'EISDIR') return null
    throw unreadable(path, error)
  }
}

/** The files above a folder that hold for it too: up to the top of its repository, outermost first. */
export function ignoreFilesAbove(folder: string): IgnoreFile[] {
  const above: IgnoreFile[] = []
  for (let at = folder; !existsSync(join(at, '.git')); ) {
    const parent = dirname(at)
    if (parent === at) return []
    at = parent
    const file = readIgnoreFile(at)
    if (file) above.unshift(file)
  }
  return above
}
