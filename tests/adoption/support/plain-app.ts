import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const repository = new URL('../../../', import.meta.url).pathname
const program = join(repository, 'packages/cli/bin/banyan.mjs')

export type Ended = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A copy of one of the plain apps beside this folder, with the packages of the repository installed. */
export type PlainApp = {
  readonly folder: string
  /** Runs `banyan` in it. */
  banyan(...words: string[]): Promise<Ended>
  /** Runs it, fails unless it succeeds, and gives the object that it printed. */
  json(...words: string[]): Promise<Record<string, unknown>>
  /** Any other command, as its developer would run it. */
  run(env: Readonly<Record<string, string>>, ...words: string[]): Promise<Ended>
  read(path: string): Promise<string>
  write(path: string, text: string): Promise<void>
  /** Replaces one text that is there exactly once. */
  replace(path: string, before: string, after: string): Promise<void>
  /** A hash for every file of the app itself. */
  hashes(): Promise<ReadonlyMap<string, string>>
  [Symbol.asyncDispose](): Promise<void>
}

export async function copyApp(name: string): Promise<PlainApp> {
  const home = await mkdtemp(join(tmpdir(), 'banyan-adoption-'))
  // PostgreSQL runs as an unprivileged user, who has to get through to the state directory.
  await chmod(home, 0o755)
  const folder = join(home, name)
  await cp(join(import.meta.dirname, '..', name), folder, { recursive: true })
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
  await writeLockfile(folder)
  const started = new Set<ChildProcess>()
  const run: PlainApp['run'] = async (env, ...words) => await runIn(folder, env, words, started)
  const banyan: PlainApp['banyan'] = async (...words) =>
    await run({}, process.execPath, program, ...words)
  const read: PlainApp['read'] = async (path) => await readFile(join(folder, path), 'utf8')
  const write: PlainApp['write'] = async (path, text) => await writeFile(join(folder, path), text)
  return {
    folder,
    banyan,
    run,
    read,
    write,
    json: async (...words) => {
      const { code, stdout, stderr } = await banyan(...words, '--json')
      if (code !== 0)
        throw new Error(`banyan ${words.join(' ')} ended with ${code}: ${stdout}${stderr}`)
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    },
    replace: async (path, before, after) => {
      const parts = (await read(path)).split(before)
      if (parts.length !== 2) throw new Error(`${path} has ${parts.length - 1} times: ${before}`)
      await write(path, parts.join(after))
    },
    hashes: async () => await hashFiles(folder),
    [Symbol.asyncDispose]: async () => {
      for (const child of started) child.kill('SIGKILL')
      await banyan('down', '--destroy', '--yes')
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** What the process of the test has in its environment and the app's developer would not. */
const foreign = ['NODE_TEST_CONTEXT', 'DATABASE_URL', 'PORT', 'HOST', 'NODE_ENV']

async function runIn(
  cwd: string,
  more: Readonly<Record<string, string>>,
  [command = '', ...words]: readonly string[],
  started: Set<ChildProcess>,
): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !foreign.includes(name))
  const env = { ...Object.fromEntries(inherited), ...more }
  const child = spawn(command, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  started.add(child)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  started.delete(child)
  return { code, stdout, stderr }
}

async function hashFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const hashes = new Map<string, string>()
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1)
    if (!entry.isFile() || /^(node_modules|\.banyan)\//.test(path)) continue
    const text = await readFile(join(folder, path))
    hashes.set(path, createHash('sha256').update(text).digest('hex'))
  }
  return hashes
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address === 'object' && address !== null) return address.port
  throw new Error('There is no free port.')
}

/** As its developer has one; what is installed is what this repository has. */
async function writeLockfile(folder: string): Promise<void> {
  const { name, version, ...manifest } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  ) as Record<string, unknown>
  const root = { name, version, dependencies: manifest.dependencies }
  const lockfile = { name, version, lockfileVersion: 3, requires: true, packages: { '': root } }
  await writeFile(join(folder, 'package-lock.json'), `${JSON.stringify(lockfile, null, 2)}\n`)
}
