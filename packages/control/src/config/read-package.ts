import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What `npm start` in a folder would look at: the scripts, and where the programs of packages are. */
export type Manifest = {
  /** Why there are no scripts, in words that complete "found …"; null when there are. */
  readonly problem: string | null
  readonly scripts: Readonly<Record<string, string>>
  /** Whether a program of this name is installed in the folder or above it. */
  readonly hasProgram: (name: string) => boolean
}

/** Reads `package.json` beside the config. A missing or broken one is a problem only if it is needed. */
export const readPackage = (root: string): Manifest => {
  const hasProgram = (name: string) => findProgram(root, name)
  const file = join(root, 'package.json')
  if (!existsSync(file)) return { problem: `no package.json in ${root}`, scripts: {}, hasProgram }
  try {
    // npm does without the byte order mark that some editors write.
    const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
    const { scripts } = JSON.parse(text) as { scripts?: unknown }
    return { problem: null, scripts: textsOf(scripts), hasProgram }
  } catch (error) {
    return {
      problem: `an unreadable package.json (${(error as Error).message})`,
      scripts: {},
      hasProgram,
    }
  }
}

const textsOf = (scripts: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(scripts ?? {}).filter(([, text]) => typeof text === 'string'))

/** npm looks in `node_modules/.bin` of the folder and of every folder above it. */
const findProgram = (folder: string, name: string): boolean => {
  if (existsSync(join(folder, 'node_modules', '.bin', name))) return true
  const above = dirname(folder)
  return above !== folder && findProgram(above, name)
}
