import { isAbsolute, relative, sep } from 'node:path'

/** The path of something in a folder, `''` for the folder itself, and null for what lies outside. */
export function pathInside(folder: string, path: string): string | null {
  const found = relative(folder, path)
  return found === '..' || found.startsWith(`..${sep}`) || isAbsolute(found) ? null : found
}
