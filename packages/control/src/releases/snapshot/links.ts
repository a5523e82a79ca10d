import { readlinkSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { pathInside } from './inside.ts'
import { isGone, unreadable } from './refuse.ts'

export type Link = {
  /** Relative to the link for one that stays in the root, else absolute. */
  readonly target: string
  readonly leadsOut: boolean
}

/**
 * Where a link of the root leads. One that stays in the root is written relative, so that in a copy
 * of the root it leads into the copy; also when its target does not exist, or is itself again.
 */
export function readLink(root: string, path: string): Link {
  const at = join(root, path)
  const target = targetOf(at)
  const absolute = resolve(dirname(at), target)
  if (pathInside(root, absolute) === null) return { target: absolute, leadsOut: true }
  const real = realPathOf(absolute)
  if (real !== null && pathInside(root, real) === null) return { target: real, leadsOut: true }
  const written = isAbsolute(target) ? relative(dirname(at), absolute) || '.' : target
  return { target: written, leadsOut: false }
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch (error) {
    // Gone since it was listed: whoever looks again sees that.
    if (isGone(error) || (error as NodeJS.ErrnoException).code === 'EINVAL') return '.'
    throw unreadable(path, error)
  }
}

function realPathOf(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}
