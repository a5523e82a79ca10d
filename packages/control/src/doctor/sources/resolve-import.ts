import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { codeEndings, isCode } from './entry.ts'

/** Where an import leads: a file of the app, a package, or nowhere that we know of. */
export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'package' }
  | { readonly kind: 'unknown' }

/** TypeScript lets code name the file that will be made: `./web.js` is `./web.ts` before the build. */
const written: Record<string, readonly string[]> = {
  '.js': ['.ts', '.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
  '.jsx': ['.tsx'],
}

/** Finds what a file imports. Aliases of a build tool (`@/db`, `#db`) are unknown. */
export async function resolveImport(specifier: string, from: string): Promise<Target> {
  if (/^\.{0,2}\//.test(specifier) || specifier === '.' || specifier === '..') {
    const path = await findFile(resolve(dirname(from), specifier))
    if (path === null) return { kind: 'unknown' }
    return isCode(path) ? { kind: 'file', path } : { kind: 'package' }
  }
  const isPackage = /^(node:|bun:)?(@[\w.-]+\/)?[\w.-]+(\/.*)?$/.test(specifier)
  return { kind: isPackage ? 'package' : 'unknown' }
}

async function findFile(path: string): Promise<string | null> {
  const ending = /\.\w+$/.exec(path)?.[0] ?? ''
  const stem = path.slice(0, path.length - ending.length)
  const candidates = [
    path,
    ...(written[ending] ?? []).map((other) => stem + other),
    ...codeEndings.map((other) => path + other),
    ...codeEndings.map((other) => `${path}/index${other}`),
  ]
  for (const candidate of candidates) {
    if ((await stat(candidate).catch(() => null))?.isFile()) return candidate
  }
  return null
}
