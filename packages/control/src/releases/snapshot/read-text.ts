import { readFileSync } from 'node:fs'
import { isGone, unreadable } from './refuse.ts'

/** The text of a file of the app, or null where there is none. */
export function readTextOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isGone(error)) return null
    throw unreadable(path, error)
  }
}
