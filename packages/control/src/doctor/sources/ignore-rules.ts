import { readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { exists } from '../../state/files.ts'

/** Judges paths by the lines of one `.gitignore`; paths are relative to its folder, folders end in `/`. */
export type Patterns = (path: string) => 'ignored' | 'kept' | 'unsaid'

/** Makes patterns of the text of a `.gitignore`. The command line brings it along. */
export type ReadPatterns = (text: string) => Patterns

/** The patterns that hold in a folder: its own and those of the folders above, outermost first. */
export type IgnoreRules = readonly { readonly folder: string; readonly patterns: Patterns }[]

/** The patterns above a folder, up to the root of its repository; none outside of one. */
export async function rulesAbove(folder: string, read: ReadPatterns): Promise<IgnoreRules> {
  const above: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    above.unshift(at)
    if (await exists(join(at, '.git'))) break
    if (dirname(at) === at) return []
  }
  let rules: IgnoreRules = []
  // The folder's own are read when it is entered.
  for (const one of above.slice(0, -1)) rules = await withRulesOf(one, rules, read)
  return rules
}

export async function withRulesOf(
  folder: string,
  rules: IgnoreRules,
  read: ReadPatterns,
): Promise<IgnoreRules> {
  const text = await readFile(join(folder, '.gitignore'), 'utf8').catch(() => null)
  return text === null ? rules : [...rules, { folder, patterns: read(text) }]
}

/** The innermost file that says something about a path decides, as in git. */
export function isIgnored(path: string, isFolder: boolean, rules: IgnoreRules): boolean {
  for (const { folder, patterns } of rules.toReversed()) {
    const inside = relative(folder, path).split(sep).join('/')
    const verdict = patterns(isFolder ? `${inside}/` : inside)
    if (verdict !== 'unsaid') return verdict === 'ignored'
  }
  return false
}
