import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the whole project. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

export type ProjectFile = { readonly path: string; readonly text: string }

/** The project's own files below a folder, as paths from the root; those that git knows of, or would. */
export const filesUnder = (...folders: readonly string[]): readonly ProjectFile[] =>
  listFiles(folders)
    .filter((path) => existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

const listFiles = (folders: readonly string[]): readonly string[] => {
  const listed = spawnSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...folders],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  if (listed.status === 0 && listed.stdout !== '') {
    return [...new Set(listed.stdout.split('\0').filter((path) => path !== ''))]
  }
  // The project was unpacked from an archive: there is no git to ask.
  return folders.flatMap((folder) => walk(join(root, folder)))
}

const skipped = ['node_modules', 'dist', 'coverage', '.git', '.banyan']

const walk = (path: string): readonly string[] => {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [relative(root, path)]
  return readdirSync(path)
    .filter((name) => !skipped.includes(name))
    .flatMap((name) => walk(join(path, name)))
}

export const isTypeScript = ({ path }: ProjectFile): boolean => path.endsWith('.ts')

export const isTest = ({ path }: ProjectFile): boolean => path.endsWith('.test.ts')

/** `path:line: what` for every line that a pattern matches; comments are left out. */
export const findLines = (files: readonly ProjectFile[], pattern: RegExp): readonly string[] =>
  files.flatMap(({ path, text }) =>
    withoutComments(text)
      .split('\n')
      .flatMap((line, index) => {
        const match = pattern.exec(line)
        return match ? [`${path}:${index + 1}: ${match[0].trim()}`] : []
      }),
  )

/** Comments are blanked, so that the numbers of lines hold. Good enough for code without `//` in patterns. */
const withoutComments = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/.*$/gm, '$1')
