import { readdir, readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BanyanError } from '@banyan/model'
import type { Change } from './change.ts'
import type { Origin } from './origin.ts'

/** The small new app as it is published with this package: real files, with a name to be replaced. */
const template = fileURLToPath(new URL('../../templates/app', import.meta.url))
const placeholder = 'my-app'

type Fields = Readonly<Record<string, unknown>>

export type NewApp = {
  readonly name: string
  readonly folder: string
  /** A `package.json` as `npm init` left it, or null. */
  readonly manifest: string | null
  readonly origin: Origin
}

/** The files of a new app. What is in the folder already stays as it is, but for a bare `package.json`. */
export async function newApp(app: NewApp): Promise<readonly Change[]> {
  const there = new Set(await readdir(app.folder).catch(() => []))
  const entries = await readdir(template, { recursive: true, withFileTypes: true })
  const changes: Change[] = []
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = join(entry.parentPath, entry.name)
    const path = relative(template, file)
    const text = (await readFile(file, 'utf8')).replaceAll(placeholder, app.name)
    if (path === 'package.json') changes.push(manifestOf(app, text))
    // npm leaves a file of the real name out of a package.
    else if (path === 'gitignore') changes.push({ path: '.gitignore', action: 'write', text })
    else changes.push({ path, action: 'write', text })
  }
  return changes
    .filter(({ path, action }) => action !== 'write' || !there.has(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

function manifestOf(app: NewApp, text: string): Change {
  const own = JSON.parse(text) as Fields
  const { dependencies, devDependencies } = packagesOf(app)
  const fresh = {
    ...own,
    dependencies: sorted({ ...dependencies, ...record(own.dependencies) }),
    devDependencies: sorted({ ...devDependencies, ...record(own.devDependencies) }),
  }
  const merged = app.manifest === null ? fresh : complete(JSON.parse(app.manifest), fresh)
  const action = app.manifest === null ? 'write' : 'complete'
  return { path: 'package.json', action, text: `${JSON.stringify(merged, null, 2)}\n` }
}

/** What the user's own manifest says stays, but for what `npm init` fills in unasked. */
function complete(given: Fields, fresh: Fields): Fields {
  const { main: _main, scripts: _scripts, type: _type, name, ...kept } = given
  const dependencies = sorted({
    ...record(fresh.dependencies),
    ...record(given.dependencies),
  })
  const dev = { ...record(fresh.devDependencies), ...record(given.devDependencies) }
  const devDependencies = Object.fromEntries(
    Object.entries(sorted(dev)).filter(([package_]) => !(package_ in dependencies)),
  )
  return { name, ...kept, ...fresh, ...(name ? { name } : {}), dependencies, devDependencies }
}

/** What an app imports, and what only its developer runs. */
const imported = ['banyan', '@banyan/model', '@banyan/postgres']

function packagesOf({ origin, folder }: NewApp) {
  const [dependencies, devDependencies]: Record<string, string>[] = [{}, {}]
  const add = (name: string, version: string) => {
    const list = imported.includes(name) ? dependencies : devDependencies
    if (list !== undefined) list[name] = version
  }
  if (origin.kind === 'clone') throw noPackages(origin.program)
  if (origin.kind === 'registry') {
    add('banyan', `^${origin.version}`)
    add('@banyan/cli', `^${origin.version}`)
  } else for (const [name, file] of origin.files) add(name, `file:${relative(folder, file)}`)
  return { dependencies, devDependencies }
}

function noPackages(program: string): BanyanError {
  const clone = resolve(program, '../../../..')
  return new BanyanError(
    'BANYAN_INIT_NO_PACKAGES',
    `This banyan runs from a clone (${clone}), and a new app could not install its packages from there.`,
    {
      hint: 'Pack them in the clone, npm run pack -- --out DIR, and run: banyan init --packages DIR',
      details: { clone },
    },
  )
}

const record = (value: unknown): Readonly<Record<string, string>> =>
  (value ?? {}) as Record<string, string>

const sorted = (value: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
