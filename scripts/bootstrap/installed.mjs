// Whether node_modules was made from this lockfile. A stamp answers in a millisecond; without one,
// npm's own record of what it installed does, so that somebody's `npm ci` is not repeated.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brokenPackages } from './mend.mjs'

const stampOf = (root) => join(root, 'node_modules', '.banyan-lockfile')

/** What an installation depends on: the lockfile and the kind of machine that it was made for. */
function fingerprint(root) {
  const lockfile = readFileSync(join(root, 'package-lock.json'))
  const hash = createHash('sha256').update(lockfile).digest('hex')
  return `${hash} ${process.platform} ${process.arch}\n`
}

/** Whether every package of the lockfile is installed, and every binary that a script makes is there. */
export function isInstalled(root) {
  if (!isStamped(root) && !matchesLockfile(root)) return false
  if (brokenPackages(root).length > 0) return false
  if (!isStamped(root)) stamp(root)
  return true
}

/** Records that node_modules now is what the lockfile says. */
export function stamp(root) {
  writeFileSync(stampOf(root), fingerprint(root))
}

function isStamped(root) {
  try {
    return readFileSync(stampOf(root), 'utf8') === fingerprint(root)
  } catch {
    return false
  }
}

/** Whether npm's record of what it installed agrees with the lockfile; it writes that record last. */
export function matchesLockfile(root) {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => isSatisfied(path, entry, installed, root))
}

/** The root and the workspaces are this clone itself; optional packages may be of another platform. */
function isSatisfied(path, wanted, installed, root) {
  if (!path.includes('node_modules/')) return true
  const found = installed[path]
  if (found === undefined) return wanted.optional === true || wanted.devOptional === true
  if (wanted.link === true) return found.link === true && existsSync(join(root, path))
  return found.version === wanted.version && found.integrity === wanted.integrity
}
