import { existsSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathInside } from './inside.ts'
import { readPackageJson } from './package-json.ts'
import { refused } from './refuse.ts'
import { isWorkspaceOf } from './workspaces.ts'

/** The folder that a release is taken of. */
export type Root = {
  readonly root: string
  /** The names of the lockfiles in it: as a rule one, none for an app without dependencies. */
  readonly lockfiles: readonly string[]
}

const lockfileNames = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'bun.lockb',
]

/**
 * The nearest folder with a lockfile, at or above that of the config: what is installed belongs to
 * it, and packages of the same repository that the app imports lie in it. An app without any
 * dependency needs none.
 */
export function findRoot(folder: string): Root {
  const packageFolder = nearest(folder, (at) => existsSync(join(at, 'package.json')))
  const locked = nearest(folder, (at) => lockfilesIn(at).length > 0)
  if (locked !== null && isMeantFor(locked, packageFolder)) {
    return { root: locked, lockfiles: lockfilesIn(locked) }
  }
  refuseUnlocked(folder, packageFolder, locked)
  return { root: folder, lockfiles: [] }
}

const lockfilesIn = (folder: string) =>
  lockfileNames.filter((name) => existsSync(join(folder, name)))

/** Goes up to the top of the repository, and never to a home folder or the temporary one: what lies there is somebody else's. */
function nearest(folder: string, fits: (at: string) => boolean): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const isOthers = at !== folder && [homedir(), tmpdir(), '/'].includes(at)
    if (isOthers) return null
    if (fits(at)) return at
    if (existsSync(join(at, '.git')) || dirname(at) === at) return null
  }
}

/** A lockfile above an app with a `package.json` of its own is the app's only when it is a workspace there. */
function isMeantFor(locked: string, packageFolder: string | null): boolean {
  if (packageFolder === null || pathInside(packageFolder, locked) !== null) return true
  const manifest = readManifest(packageFolder)
  const path = pathInside(locked, packageFolder) ?? ''
  return isWorkspaceOf(locked, path) || !hasDependencies(manifest)
}

function refuseUnlocked(folder: string, packageFolder: string | null, locked: string | null): void {
  const manifest = packageFolder === null ? {} : readManifest(packageFolder)
  const installed = existsSync(join(packageFolder ?? folder, 'node_modules'))
  if (!hasDependencies(manifest) && !installed) return
  const of = packageFolder ?? folder
  const why = hasDependencies(manifest) ? 'declares dependencies' : 'has a node_modules'
  const other = locked === null ? '' : ` (${locked} has one, but does not name it as a workspace)`
  throw refused(
    `${of} ${why}, but there is no lockfile that says which versions${other}: a release could not be told from another.`,
    `Write one, and keep it with the code: cd ${of} && npm install --package-lock-only (or pnpm install, yarn install, bun install).`,
    { folder: of },
  )
}

type PackageManifest = Partial<Record<(typeof dependencyFields)[number], unknown>>
const dependencyFields = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

function hasDependencies(manifest: PackageManifest): boolean {
  return dependencyFields.some((field) => Object.keys(manifest[field] ?? {}).length > 0)
}

function readManifest(packageFolder: string): PackageManifest {
  return readPackageJson(packageFolder) ?? {}
}
