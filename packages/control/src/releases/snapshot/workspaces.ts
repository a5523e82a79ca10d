import { join } from 'node:path'
import { parseIgnoreFile, ruleFor } from './gitignore.ts'
import { readPackageJson } from './package-json.ts'
import { readTextOrNull } from './read-text.ts'

/** Whether a folder, by its path from the root, is a workspace of the root's package manager. */
export function isWorkspaceOf(root: string, path: string): boolean {
  const patterns = [...declaredInPackage(root), ...declaredForPnpm(root)]
  // Patterns of workspaces are read as those of .gitignore, which they resemble: from the root on.
  const text = patterns.map((pattern) => pattern.replace(/^(!?)(\.\/|\/)?/, '$1/')).join('\n')
  const rule = ruleFor([{ folder: root, rules: parseIgnoreFile(text, '') }], join(root, path), true)
  return rule !== null && !rule.keeps
}

function declaredInPackage(root: string): string[] {
  const declared = readPackageJson(root)?.workspaces
  const list = Array.isArray(declared) ? declared : (declared as { packages?: unknown })?.packages
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
}

/** `pnpm-workspace.yaml` is a list below `packages:`, of plain or quoted texts. */
function declaredForPnpm(root: string): string[] {
  const text = readTextOrNull(join(root, 'pnpm-workspace.yaml'))
  if (text === null) return []
  const below = /^packages:[^\n]*\n((?:[ \t]*(?:-[^\n]*|#[^\n]*)?\n?)*)/m.exec(text)?.[1] ?? ''
  return [...below.matchAll(/^[ \t]*-[ \t]*(["']?)([^"'#\n]+?)\1[ \t]*(?:#.*)?$/gm)].map(
    (match) => match[2] as string,
  )
}
