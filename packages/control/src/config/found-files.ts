import { statSync } from 'node:fs'
import type { FoundFiles } from '@banyan/model'
import { expandCommand } from './npm-scripts.ts'
import { readPackage } from './read-package.ts'

/** What the disk says about a config in a folder: which paths exist, and what `npm start` stands for. */
export const filesOf = (root: string): FoundFiles => {
  const manifest = readPackage(root)
  return {
    kindOf,
    expandCommand: (words, key) => expandCommand(words, key, manifest),
  }
}

const kindOf = (path: string): 'folder' | 'file' | 'nothing' => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return 'nothing'
  return found.isDirectory() ? 'folder' : 'file'
}
