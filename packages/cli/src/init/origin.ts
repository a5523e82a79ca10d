import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BanyanError } from '@banyan/model'

/** Where an app gets the packages from that this command is made of. */
export type Origin =
  | { readonly kind: 'registry'; readonly version: string }
  /** Tarballs by the name of their package, as `npm run pack` makes them. */
  | { readonly kind: 'tarballs'; readonly files: ReadonlyMap<string, string> }
  | { readonly kind: 'clone'; readonly program: string }

const ownFolder = fileURLToPath(new URL('../..', import.meta.url))

/** Finds out how this command was installed: an app that it makes has to be installable the same way. */
export async function findOrigin(packages: string | null, folder = ownFolder): Promise<Origin> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    version: string
  }
  if (packages !== null) return await readTarballs(resolve(packages), version)
  const modules = `${sep}node_modules${sep}`
  const at = folder.lastIndexOf(modules)
  if (at < 0) return { kind: 'clone', program: join(folder, 'bin', 'banyan.mjs') }
  const files = await installedTarballs(folder.slice(0, at))
  return files.size > 0 ? { kind: 'tarballs', files } : { kind: 'registry', version }
}

/** `banyan-0.1.0.tgz`, `banyan-cli-0.1.0.tgz`: npm's names for `banyan` and `@banyan/cli`. */
async function readTarballs(folder: string, version: string): Promise<Origin> {
  const names = await readdir(folder).catch(() => [])
  const files = new Map<string, string>()
  for (const name of names) {
    const found = /^banyan(?:-([a-z]+))?-(\d.*)\.tgz$/.exec(name)
    if (found === null || found[2] !== version) continue
    files.set(found[1] === undefined ? 'banyan' : `@banyan/${found[1]}`, join(folder, name))
  }
  if (files.has('banyan') && files.has('@banyan/cli')) return { kind: 'tarballs', files }
  throw new BanyanError(
    'BANYAN_INIT_NO_PACKAGES',
    `${folder} does not hold the packages of Banyan ${version} (banyan-${version}.tgz and its like).`,
    { hint: `In the clone of Banyan: npm run pack -- --out ${folder}`, details: { folder } },
  )
}

/** What npm notes about what it installed from files. */
async function installedTarballs(root: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  const lock = join(root, 'node_modules', '.package-lock.json')
  const text = await readFile(lock, 'utf8').catch(() => '{}')
  const { packages = {} } = JSON.parse(text) as {
    packages?: Record<string, { resolved?: string }>
  }
  for (const [path, { resolved }] of Object.entries(packages)) {
    const name = /^node_modules\/(banyan|@banyan\/[a-z]+)$/.exec(path)?.[1]
    if (name === undefined || !resolved?.startsWith('file:')) continue
    const file = resolve(root, resolved.slice('file:'.length))
    if (existsSync(file)) files.set(name, file)
  }
  return files
}
