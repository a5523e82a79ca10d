import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type IgnoreRules,
  isIgnored,
  type ReadPatterns,
  rulesAbove,
  withRulesOf,
} from './ignore-rules.ts'
import type { Limits, NotRead } from './limits.ts'

/** Folders that hold nothing that somebody wrote, whatever a `.gitignore` says. */
const never = new Set([
  'node_modules',
  '.git',
  '.hg',
  '.svn',
  '.banyan',
  '.next',
  '.nuxt',
  '.cache',
])

export type FoundFiles = { readonly files: readonly string[]; readonly notRead: readonly NotRead[] }

/** Files below a folder that `wanted` takes, in the order of their paths. Links are not followed. */
export async function findFiles(
  folder: string,
  wanted: (path: string) => boolean,
  options: { readonly readPatterns: ReadPatterns; readonly limits: Limits },
): Promise<FoundFiles> {
  const { limits, readPatterns } = options
  const files: string[] = []
  const notRead: NotRead[] = []
  let entries = 0
  let tooMany = false
  const visit = async (at: string, above: IgnoreRules): Promise<void> => {
    const rules = await withRulesOf(at, above, readPatterns)
    const found = await readdir(at, { withFileTypes: true }).catch((error: Error) => {
      notRead.push({ path: at, why: error.message })
      return []
    })
    for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (++entries > limits.entries || tooMany) return
      const path = join(at, entry.name)
      const isFolder = entry.isDirectory()
      if (never.has(entry.name) || isIgnored(path, isFolder, rules)) continue
      if (isFolder) await visit(path, rules)
      else if (entry.isFile() && wanted(path)) {
        if (files.length < limits.files) files.push(path)
        else tooMany = true
      }
    }
  }
  await visit(folder, await rulesAbove(folder, readPatterns))
  if (entries > limits.entries) {
    notRead.push({ path: folder, why: `it holds more than ${limits.entries} entries` })
  }
  if (tooMany) notRead.push({ path: folder, why: `there are more than ${limits.files} files` })
  return { files, notRead }
}
