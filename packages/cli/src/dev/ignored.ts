import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import ignore, { type Ignore } from 'ignore'

/** What no program reads: notes, and what editors leave beside the file that they save. */
const noise = /(\.md|\.log|~|\.sw[a-z]|\.tmp|___jb_(old|tmp)___)$|^(4913|#.*#)$/

export type IgnoredOptions = {
  readonly root: string
  /** Folders that are never looked into: the state directory, the assets. */
  readonly folders: readonly string[]
}

/** Which paths are none of our business: what git ignores, what is installed, and what is served as it is. */
export class Ignored {
  readonly #options: IgnoredOptions
  readonly #rules = new Map<string, Ignore | null>()

  constructor(options: IgnoredOptions) {
    this.#options = options
  }

  has(path: string, isFolder: boolean): boolean {
    const { root, folders } = this.#options
    if (path === root) return false
    if (folders.some((folder) => path === folder || path.startsWith(folder + sep))) return true
    const names = relative(root, path).split(sep)
    const last = names.at(-1) ?? ''
    if (names.includes('node_modules')) return true
    // Services read it themselves, and git ignores it for another reason.
    if (names.length === 1 && isEnvironment(last)) return false
    if (last === '.gitignore') return false
    if (names.some((name) => name.startsWith('.'))) return true
    return (!isFolder && noise.test(last)) || this.#isIgnoredByGit(path, isFolder)
  }

  /** Every `.gitignore` from the file's folder up to the repository's root has a say; the nearest wins. */
  #isIgnoredByGit(path: string, isFolder: boolean): boolean {
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      const rules = this.#rulesOf(folder)
      if (rules !== null) {
        const name = relative(folder, path).split(sep).join('/') + (isFolder ? '/' : '')
        const { ignored, unignored } = rules.test(name)
        if (ignored || unignored) return ignored
      }
      if (dirname(folder) === folder || existsSync(join(folder, '.git'))) return false
    }
  }

  #rulesOf(folder: string): Ignore | null {
    const known = this.#rules.get(folder)
    if (known !== undefined) return known
    const text = readOrNull(join(folder, '.gitignore'))
    const rules = text === null ? null : ignore().add(text)
    this.#rules.set(folder, rules)
    return rules
  }
}

/** `.env`, `.env.local` and their like. */
export function isEnvironment(name: string): boolean {
  return name === '.env' || name.startsWith('.env.')
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
