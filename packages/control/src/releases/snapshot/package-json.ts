import { join } from 'node:path'
import { readTextOrNull } from './read-text.ts'
import { refused } from './refuse.ts'

/** The `package.json` of a folder, or null where there is none. */
export function readPackageJson(folder: string): Record<string, unknown> | null {
  const path = join(folder, 'package.json')
  const text = readTextOrNull(path)
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null
  } catch (error) {
    throw refused(`${path} is not JSON: ${(error as Error).message}.`, 'Mend it.', { path })
  }
}
