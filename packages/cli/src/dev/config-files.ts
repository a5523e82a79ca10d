import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

const source = /\.[mc]?[jt]s$|\.json$/
const filesMax = 1_000

/**
 * The config and every file that it may be made of: whatever it names by a relative path, and what
 * that names. One too many costs an evaluation; one too few would leave a change of the config unseen.
 */
export function configFiles(config: string): Set<string> {
  const found = new Set<string>([config])
  for (const file of found) {
    if (found.size > filesMax) break
    for (const other of namedIn(file)) if (isFile(other)) found.add(other)
  }
  return found
}

function namedIn(file: string): string[] {
  if (file.endsWith('.json')) return []
  const names = textOf(file).matchAll(/['"`](\.{1,2}\/[^'"`\n]*)['"`]/g)
  return [...names].map(([, name = '']) => resolve(dirname(file), name)).filter(isSource)
}

function isSource(path: string): boolean {
  return source.test(path)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
