import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BanyanError } from '@banyan/model'
import { readPackageJson } from './package-json.ts'
import { readTextOrNull } from './read-text.ts'
import { refused } from './refuse.ts'
import type { Source } from './source.ts'
import type { Tree } from './tree.ts'

/** Refuses an app whose `node_modules` is not what its lockfile says: it would be released as it is. */
export function checkInstalled(source: Source, tree: Tree): void {
  const { root, lockfiles, system } = source
  if (lockfiles.length === 0) return
  const pnp = ['.pnp.cjs', '.pnp.js'].find((name) => existsSync(join(root, name)))
  if (pnp !== undefined && !tree.modules.some(({ path }) => path === 'node_modules')) {
    throw refused(
      `${join(root, pnp)} shows that Yarn's Plug'n'Play is used, whose packages lie outside the app.`,
      'Write "nodeLinker: node-modules" into .yarnrc.yml and run: yarn install.',
      { path: pnp },
    )
  }
  const lock = lockfiles.find((name) => /^(package-lock|npm-shrinkwrap)\.json$/.test(name))
  if (lock !== undefined && isNpm(source)) checkLocked(root, lock)
  for (const folder of new Set([root, system.root])) checkDirect(source, folder)
}

/** Beside a lockfile of another package manager, npm's may be one that nobody keeps up any more. */
function isNpm({ root, lockfiles }: Source): boolean {
  const others = lockfiles.filter((name) => !/^(package-lock|npm-shrinkwrap)\.json$/.test(name))
  return others.length === 0 || existsSync(join(root, 'node_modules', '.package-lock.json'))
}

type Locked = {
  readonly version?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly optional?: boolean
  readonly devOptional?: boolean
  readonly peer?: boolean
}

/** Every package that `npm ci --omit=dev` would put there is there, in the version of the lockfile. */
function checkLocked(root: string, lock: string): void {
  for (const [path, locked] of Object.entries(lockedPackages(root, lock))) {
    const isModule = /(^|\/)node_modules\//.test(path)
    const mayLack = locked.dev || locked.optional || locked.devOptional || locked.peer
    if (!isModule || (mayLack && !existsSync(join(root, path)))) continue
    if (locked.link === true) {
      if (!existsSync(join(root, path))) throw outdated(root, lock, `${path} is missing`)
      continue
    }
    const found = readPackageJson(join(root, path))
    if (found === null && mayLack) continue
    if (found === null) throw outdated(root, lock, `${path} is missing`)
    const { version } = locked
    if (version === undefined || found.version === undefined) continue
    if (plain(found.version) === plain(version)) continue
    throw outdated(root, lock, `${path} has version ${String(found.version)}, not ${version}`)
  }
}

/** npm takes a version that begins with `v` or `=`, and writes it into its lockfile without. */
const plain = (version: unknown): string => String(version).replace(/^[=v\s]+/, '')

function lockedPackages(root: string, lock: string): Record<string, Locked> {
  const path = join(root, lock)
  try {
    const { packages } = JSON.parse(readTextOrNull(path) ?? '{}') as { packages?: object }
    return (packages ?? {}) as Record<string, Locked>
  } catch (error) {
    throw refused(
      `${path} is not JSON: ${(error as Error).message}.`,
      'Restore it, or write it anew: npm install.',
      { path },
    )
  }
}

const installers: readonly [lockfile: RegExp, command: string][] = [
  [/^pnpm/, 'pnpm install --frozen-lockfile'],
  [/^yarn/, 'yarn install --immutable (Yarn 1: --frozen-lockfile)'],
  [/^bun/, 'bun install --frozen-lockfile'],
  [/./, 'npm ci'],
]

function outdated(root: string, lock: string, what: string): BanyanError {
  const [, command] = installers.find(([lockfile]) => lockfile.test(lock)) ?? ['', 'npm ci']
  return refused(
    `What is installed in ${root} is not what ${lock} says: ${what}.`,
    `Run: cd ${root} && ${command}.`,
    { path: what.split(' ')[0] },
  )
}

/** Whatever the package manager: a package that the app declares is found from its folder. */
function checkDirect({ root, lockfiles }: Source, folder: string): void {
  const declared = Object.keys(readPackageJson(folder)?.dependencies ?? {})
  const missing = declared.find((name) => !isFound(name, folder, root))
  if (missing === undefined) return
  const lock = lockfiles.find((name) => !/^package-lock/.test(name)) ?? lockfiles[0] ?? ''
  throw outdated(root, lock, `${missing}, a dependency of ${folder}, is missing`)
}

function isFound(name: string, folder: string, root: string): boolean {
  if (existsSync(join(folder, 'node_modules', name))) return true
  return folder !== root && dirname(folder) !== folder && isFound(name, dirname(folder), root)
}
