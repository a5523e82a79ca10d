import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { BanyanError } from '@banyan/model'
import { adminRole } from '@banyan/postgres'
import { type Account, identityOf } from './account.ts'
import type { Binaries } from './binaries.ts'
import { proveDirectoryDead } from './dead.ts'
import { diskFull, freeMbOf, isDiskFull } from './disk-space.ts'
import { serverEnvironment } from './environment.ts'

export type InitOptions = {
  readonly binaries: Binaries
  readonly account: Account | null
  /** The name that the data directory will have. */
  readonly dataDirectory: string
  readonly adminPassword: string
  /** Off only for clusters that are thrown away. */
  readonly durable: boolean
  readonly signal?: AbortSignal | undefined
}

/** A folder in which a data directory is made: `pg` in it, and for a moment the password. */
const workName = (dataDirectory: string): string =>
  `${basename(dataDirectory)}.new-${randomBytes(6).toString('hex')}`

/** Runs initdb in a folder of its own beside the final place. The caller renames, or removes it. */
export async function makeWorkDirectory(
  account: Account | null,
  dataDirectory: string,
): Promise<string> {
  const directory = join(dirname(dataDirectory), workName(dataDirectory))
  await mkdir(directory, { mode: 0o700 })
  if (account !== null) await chown(directory, account.uid, account.gid)
  return directory
}

/** Removes what interrupted attempts left, and ends what still works on it. */
export async function removeLeftovers(dataDirectory: string): Promise<void> {
  const prefix = `${basename(dataDirectory)}.new-`
  const names = await readdir(dirname(dataDirectory)).catch(() => [])
  for (const name of names.filter((one) => one.startsWith(prefix))) {
    await removeWorkDirectory(join(dirname(dataDirectory), name))
  }
}

/**
 * An initdb that outlived its control still writes: it is ended first, then the servers that it runs,
 * which have their working directory in there.
 */
export async function removeWorkDirectory(workDirectory: string): Promise<void> {
  for (const pid of await initdbProcesses(workDirectory)) process.kill(pid, 'SIGKILL')
  await proveDirectoryDead(join(workDirectory, 'pg'))
  await rm(workDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
}

async function initdbProcesses(workDirectory: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => [])
  const found: number[] = []
  for (const name of names.filter((one) => /^\d+$/.test(one))) {
    const words = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    const [program = '', ...rest] = words.split('\0')
    if (basename(program) === 'initdb' && rest.includes(join(workDirectory, 'pg'))) {
      found.push(Number(name))
    }
  }
  return found
}

/** Makes the cluster in `workDirectory/pg`. */
export async function runInitdb(options: InitOptions, workDirectory: string): Promise<string> {
  const directory = join(workDirectory, 'pg')
  const passwordFile = join(workDirectory, 'password')
  await writePassword(passwordFile, options)
  try {
    await initdb(options, directory, passwordFile)
  } finally {
    await rm(passwordFile, { force: true })
  }
  return directory
}

/** Made with its mode before it has content, so that the password is never readable by others. */
async function writePassword(path: string, options: InitOptions): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    if (options.account !== null) await file.chown(options.account.uid, options.account.gid)
    await file.writeFile(`${options.adminPassword}\n`)
  } finally {
    await file.close()
  }
}

async function initdb(
  options: InitOptions,
  directory: string,
  passwordFile: string,
): Promise<void> {
  options.signal?.throwIfAborted()
  const child = spawn(
    join(options.binaries.binDirectory, 'initdb'),
    initdbWords(options, directory, passwordFile),
    {
      ...identityOf(options.account),
      cwd: '/',
      env: serverEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A session of its own: Ctrl-C reaches us alone, and we end it in order.
      detached: true,
    },
  )
  const interrupt = (): void => void child.kill('SIGTERM')
  options.signal?.addEventListener('abort', interrupt)
  try {
    await judge(options, directory, await outcomeOf(child))
  } finally {
    options.signal?.removeEventListener('abort', interrupt)
  }
}

type Outcome = { readonly code: number | null; readonly output: string; readonly error?: Error }

async function outcomeOf(child: ReturnType<typeof spawn>): Promise<Outcome> {
  let output = ''
  child.stdout?.on('data', (chunk) => (output += String(chunk)))
  child.stderr?.on('data', (chunk) => (output += String(chunk)))
  return await new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, output, error }))
    child.once('close', (code) => resolve({ code, output }))
  })
}

async function judge(options: InitOptions, directory: string, outcome: Outcome): Promise<void> {
  options.signal?.throwIfAborted()
  if (outcome.code === 0) return
  if (isDiskFull(outcome.output)) {
    throw diskFull(options.dataDirectory, await freeMbOf(dirname(directory)), outcome.error)
  }
  const lines = outcome.output.trim().split('\n').slice(-8).join('\n')
  throw new BanyanError(
    'BANYAN_POSTGRES_INIT_FAILED',
    `initdb of PostgreSQL ${options.binaries.version} failed in ${options.dataDirectory}: ${outcome.error?.message ?? lines}`,
    {
      hint: 'The last lines above name the cause; what it wrote has been removed.',
      cause: outcome.error,
    },
  )
}

/**
 * A stop fills up the last segment of the WAL, and its heir has to get all of that; a replica that follows
 * another primary gets the whole of its last segment again. With 16 MB, the default, a switchover waits
 * twice as long. Smaller ones would have a bulk load wait for the disk all the time.
 */
const walSegmentMb = 4

function initdbWords(
  { binaries, durable }: InitOptions,
  directory: string,
  passwordFile: string,
): string[] {
  return [
    ...['-D', directory, '-U', adminRole, '-E', 'UTF8', '--data-checksums'],
    ...['-A', 'scram-sha-256', `--pwfile=${passwordFile}`, `--wal-segsize=${walSegmentMb}`],
    ...localeWords(binaries.major),
    ...(durable ? [] : ['--no-sync']),
  ]
}

/**
 * The order of text must be the same on every machine, for good, or an index that moves is corrupt.
 * PostgreSQL's own C.UTF-8 (17 and newer) promises that. Before, only the collation C does, which
 * compares code points just as C.UTF-8 does; upper and lower case then come from the C library's
 * C.UTF-8, which no index depends on. ICU would sort by rules that change with its version.
 */
function localeWords(major: number): string[] {
  return major >= 17
    ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
    : ['--locale-provider=libc', '--lc-collate=C', '--lc-ctype=C.UTF-8', '--lc-messages=C']
}
