import { stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import type { Service } from '@banyan/model'

export const codeEndings = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.tsx', '.jsx']

export const isCode = (path: string): boolean =>
  codeEndings.includes(extname(path)) && !/\.d\.[mc]?ts$/.test(path)

/**
 * The files that a service starts with: those of its command's words that are files of code, one that
 * `--import` names among them. What a build has made stands for what it was made of.
 */
export async function entriesOf(service: Service, root: string): Promise<readonly string[]> {
  const paths = service.run
    .slice(1)
    .map((word) => resolve(root, word.replace(/^--(import|require|loader)=/, '')))
    .filter((path) => isCode(path) && !path.includes('/node_modules/'))
  const found = await Promise.all(paths.map((path) => entryOf(path, root)))
  // With one unknown the others would seem to be all.
  return found.every((path) => path !== null) ? found : []
}

const built = /\/(dist|build|out)\//

async function entryOf(path: string, root: string): Promise<string | null> {
  const inside = path.startsWith(`${root}/`) ? path.slice(root.length) : path
  if (!built.test(inside)) return (await isFile(path)) ? path : null
  const above = path.slice(0, path.length - inside.length)
  const stem = inside.slice(0, inside.length - extname(inside).length)
  for (const folder of ['/src/', '/']) {
    // A build keeps the folders of its sources, or leaves out their `src`.
    for (const ending of ['.ts', '.mts', '.cts', '.js', '.mjs']) {
      const source = `${above}${stem.replace(built, folder).replace('/src/src/', '/src/')}${ending}`
      if (await isFile(source)) return source
    }
  }
  return null
}

const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => null))?.isFile() ?? false
