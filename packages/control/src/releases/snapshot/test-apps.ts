import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BanyanError, resolveSystem, type System } from '@banyan/model'
import { type StatePaths, statePaths } from '../../state/paths.ts'
import { takeSnapshot } from './take.ts'
import type { Snapshot } from './types.ts'

/** Files by their path; `→ target` makes a link. */
export type Files = Readonly<Record<string, string>>

/** An app in a temporary folder, and a state directory in it. */
export type TestApp = {
  readonly folder: string
  readonly paths: StatePaths
  readonly write: (files: Files) => Promise<void>
  /** The system of a config in the app's folder, or in one below it. */
  readonly system: (config?: Readonly<Record<string, unknown>>, below?: string) => System
  readonly take: (system?: System, signal?: AbortSignal) => Promise<Snapshot>
  /** What it was refused with, in one text. */
  readonly refusal: (system?: System) => Promise<string>
  /** The sentences of progress. */
  readonly said: string[]
  readonly remove: () => Promise<void>
}

export async function makeTestApp(files: Files): Promise<TestApp> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'banyan-snapshot-')))
  await chmod(folder, 0o755)
  const paths = statePaths(join(folder, '.banyan'))
  const said: string[] = []
  const system = (config: object = {}, below = '.') =>
    resolveSystem(
      { name: 'shop', services: { web: { run: 'node web.mjs', routes: ['/'] } }, ...config },
      { root: join(folder, below), source: 'banyan.config.ts' },
    )
  const take = async (of = system(), signal?: AbortSignal) =>
    await takeSnapshot({
      paths,
      system: of,
      config: join(folder, 'banyan.config.ts'),
      onProgress: (sentence) => said.push(sentence),
      ...(signal && { signal }),
    })
  const refusal = async (of = system()) => {
    const error: unknown = await take(of).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (BanyanError.is(error)) return `${error.code} ${error.message} ${error.hint}`
    throw new Error('it was not refused', { cause: error })
  }
  const write = async (more: Files) => await writeFiles(folder, more)
  await write(files)
  const remove = async () => await rm(folder, { recursive: true, force: true })
  return { folder, paths, write, system, take, refusal, said, remove }
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const at = join(folder, path)
    await mkdir(dirname(at), { recursive: true })
    if (text.startsWith('→ ')) await symlink(text.slice(2), at)
    else await writeFile(at, text)
  }
}

/** The smallest app that can be released. */
export const plainApp: Files = {
  'banyan.config.ts': 'export default {}',
  'web.mjs': "console.log('web')",
}

/** What `npm ci` leaves behind for an app with these packages at its top. */
export function installed(packages: Readonly<Record<string, string>>, at = ''): Files {
  const locked = Object.entries(packages).map(([name, version]) => [
    `node_modules/${name}`,
    { version },
  ])
  const lock = JSON.stringify({ lockfileVersion: 3, packages: Object.fromEntries(locked) })
  const modules = Object.entries(packages).flatMap(([name, version]) => [
    [`${at}node_modules/${name}/package.json`, JSON.stringify({ name, version, main: 'index.js' })],
    [`${at}node_modules/${name}/index.js`, `module.exports = '${name} ${version}'`],
  ])
  return {
    [`${at}package.json`]: JSON.stringify({ dependencies: packages }),
    [`${at}package-lock.json`]: lock,
    ...Object.fromEntries(modules),
    [`${at}node_modules/.package-lock.json`]: lock,
  }
}
