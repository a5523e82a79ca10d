import { stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import type { Service } from '@banyan/model'

export const codeEndings = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.tsx', '.jsx']

export const isCode = (path: string): boolean =>
  codeEndings.includes(extname(path)) && !/\.d\.[mc]?ts$/.test(path)

/** The file that a service starts with: the first word of its command that is a file of code. */
export async function entryOf(service: Service, root: string): Promise<string | null> {
  for (const word of service.run.slice(1)) {
    const path = resolve(root, word)
    if (!isCode(path)) continue
    const found = await stat(path).catch(() => null)
    if (found?.isFile() && !path.includes('/node_modules/')) return path
  }
  return null
}
