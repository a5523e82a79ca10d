import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { destroyByOurselves, statusByOurselves } from './by-ourselves.ts'

const repository = new URL('../../../', import.meta.url).pathname
const program = join(repository, 'packages/cli/bin/banyan.mjs')

export type Finished = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** An app of its own in a temporary folder, and the `banyan` command in it. */
export type TestApp = {
  readonly folder: string
  readonly port: number
  readonly url: string
  readonly state: string
  write(name: string, text: string): Promise<void>
  /** Runs a command to its end. */
  banyan(...words: string[]): Promise<Finished>
  /** Starts a command and hands it over while it runs. */
  start(...words: string[]): Running
  /** The object that a command prints with --json; the status is asked for without a process for it. */
  json(...words: string[]): Promise<Record<string, unknown>>
  /** Processes of this app that live: by their working directory, environment or command line. */
  leftovers(): Promise<string[]>
  /** Ends everything and deletes the folder. */
  remove(): Promise<void>
}

export type Running = {
  readonly child: ChildProcess
  readonly output: () => string
  /** Resolves with the exit code when the command ends. */
  readonly ended: Promise<Finished>
  /** Resolves when the output so far matches; throws when the command ends before. */
  until(pattern: RegExp): Promise<void>
}

/** A config with one plain web service and a database. */
export const plainConfig = `export default {
  name: 'tiny',
  services: { web: { run: 'node web.mjs', routes: ['/'] } },
  data: {},
}
`

/** A web process on node:http and pg alone: each POST is a row, its id is the acknowledgement. */
export const plainWeb = `import { createServer } from 'node:http'
import pg from ${JSON.stringify(join(repository, 'node_modules/pg/esm/index.mjs'))}
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5, connectionTimeoutMillis: 2000 })
pool.on('error', () => {})
await pool.query('create table if not exists notes (id bigserial primary key, body text)')
const server = createServer(async (request, response) => {
  try {
    if (request.method === 'POST') {
      const { rows } = await pool.query('insert into notes (body) values ($1) returning id', [request.url])
      response.end(rows[0].id)
    } else {
      const { rows } = await pool.query('select id from notes order by id')
      response.end(JSON.stringify(rows.map(({ id }) => id)))
    }
  } catch (error) {
    response.statusCode = 500
    response.end(error.message)
  }
})
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log('listening'))
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeAllConnections() })
`

/** The same app with its table made by a migration, so that it runs as a role that owns nothing. */
export const migratedFiles: Readonly<Record<string, string>> = {
  'banyan.config.ts': plainConfig.replace('data: {}', "data: { migrations: './migrations' }"),
  'web.mjs': plainWeb.replace(/^await pool\.query\('create.*\n/m, ''),
  'migrations/0001_notes.sql': 'create table notes (id bigserial primary key, body text);\n',
  'migrations/0002_written.sql':
    'alter table notes add column written timestamptz not null default now();\n',
}

export async function makeApp(files: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'banyan-test-')))
  const port = await freePort()
  const started = new Set<ChildProcess>()
  const start = (...words: string[]): Running => {
    const running = run(folder, words)
    started.add(running.child)
    void running.ended.finally(() => started.delete(running.child))
    return running
  }
  const app: TestApp = {
    folder,
    port,
    url: `http://127.0.0.1:${port}`,
    state: join(folder, '.banyan'),
    write: async (name, text) => {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    },
    start,
    banyan: async (...words) => await toItsEnd(start(...words), words),
    json: async (...words) => {
      const status = words.join() === 'status' ? await statusByOurselves(app.state) : null
      if (status !== null) return status
      const { stdout, stderr } = await toItsEnd(start(...words, '--json'), words)
      const last = stdout.trim().split('\n').at(-1) ?? ''
      if (last === '') throw new Error(`banyan ${words.join(' ')} printed nothing: ${stderr}`)
      return JSON.parse(last)
    },
    leftovers: async () => processesOf(folder),
    remove: async () => {
      for (const child of started) child.kill('SIGKILL')
      if (!(await destroyByOurselves(app.state))) await start('down', '--destroy', '--yes').ended
      endLeftovers(folder)
      await rm(folder, { recursive: true, force: true })
    },
  }
  const all = { 'banyan.config.ts': plainConfig, 'web.mjs': plainWeb, ...files }
  for (const [name, text] of Object.entries(all)) await app.write(name, text)
  return app
}

const longestMs = 150_000

/** One that goes on although it was to be refused fails its test, not the whole file. */
async function toItsEnd({ child, ended, output }: Running, words: readonly string[]) {
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, longestMs)
  const finished = await ended
  clearTimeout(timer)
  if (!isLate) return finished
  throw new Error(`banyan ${words.join(' ')} goes on after ${longestMs} ms.\n${output()}`)
}

function run(folder: string, words: readonly string[]): Running {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: folder,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  child.stdout.on('data', (chunk) => {
    stdout += chunk
    for (const listener of listeners) listener()
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<Finished>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  const until = async (pattern: RegExp) => {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(stdout)) return
        listeners.delete(look)
        resolve()
      }
      listeners.add(look)
      void ended.then(() => reject(new Error(`It ended first.\n${stdout}\n${stderr}`)))
      look()
    })
  }
  return { child, output: () => stdout, ended, until }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  return await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      )
    })
  })
}

/** Read in one go: as hundreds of promises, it would be most of the work of a test that waits for an end. */
function pidsOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && belongs(pid, folder))
}

function processesOf(folder: string): string[] {
  return pidsOf(folder).map((pid) => {
    const command = orEmpty(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    return `${pid} ${command.split('\0').join(' ').trim()}`
  })
}

/** By its folder, its environment or its words; a zombie has none of them. */
function belongs(pid: number, folder: string): boolean {
  const cwd = orEmpty(() => readlinkSync(`/proc/${pid}/cwd`))
  if (cwd === folder || cwd.startsWith(`${folder}/`)) return true
  // When root runs PostgreSQL under another user, its data may lie elsewhere; its words name it then.
  return ['environ', 'cmdline'].some((name) =>
    orEmpty(() => readFileSync(`/proc/${pid}/${name}`, 'latin1')).includes(`${folder}/.banyan`),
  )
}

/** A process may end while it is looked at. */
function orEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

/** For a test that failed: whatever is left of its app must not disturb the next one. */
function endLeftovers(folder: string): void {
  for (const pid of pidsOf(folder)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has just ended by itself.
    }
  }
}

/** Asks again and again until the answer is there, or throws what was last found missing. */
export async function eventually<Answer>(
  ask: () => Promise<Answer | null>,
  timeoutMs = 40_000,
): Promise<Answer> {
  const deadline = performance.now() + timeoutMs
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 1.2, 100)) {
    const answer = await ask().catch(() => null)
    if (answer !== null) return answer
    if (performance.now() > deadline) throw new Error(`not there after ${timeoutMs} ms`)
    await sleep(pauseMs)
  }
}
