import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readlink, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ProcessEntry, processTable, treeOf } from './processes.ts'

/** A system that `npm start` started. */
export type RunningSystem = {
  readonly url: string
  /** From the command until a request was answered, in milliseconds. */
  readonly firstAnswerMs: number
  /** What the command printed so far. */
  readonly output: () => string
  readonly get: (path: string) => Promise<Response>
  /** Every process of the system; PostgreSQL's and control's need not descend from the command. */
  readonly processes: () => Promise<ProcessEntry[]>
  /** Interrupts the command, and waits until it has stopped everything. */
  readonly stop: () => Promise<void>
}

const root = new URL('../..', import.meta.url).pathname

/** Makes an empty state directory that PostgreSQL's user can enter. */
export async function makeStateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'banyan-bench-'))
  await chmod(directory, 0o755)
  return directory
}

/**
 * Starts the reference app as `npm start` does, on a free port, with its state in a folder of its own,
 * and waits for the first answer.
 */
export async function startSystem(given?: string): Promise<RunningSystem> {
  const directory = given ?? (await makeStateDirectory())
  const port = await freePort()
  const began = performance.now()
  const options = ['--port', String(port), '--dir', join(directory, 'state')]
  const child = spawn('npm', ['start', '--silent', '--', ...options], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = collect(child)
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    await end(child)
    if (given === undefined) await rm(directory, { recursive: true, force: true })
  }
  try {
    await firstAnswer(`${url}/api/articles`, child, output)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    firstAnswerMs: performance.now() - began,
    output,
    get: (path) => fetch(`${url}${path}`),
    processes: () => processesOf(child.pid ?? 0, directory),
    stop,
  }
}

function collect(child: ChildProcess): () => string {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk
    })
  }
  return () => output
}

async function firstAnswer(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`npm start ended:\n${output()}`)
    const ok = await fetch(url).then(
      async (response) => {
        await response.arrayBuffer()
        return response.ok
      },
      () => false,
    )
    if (ok) return
    // Asking more often would take the processor from what is being measured.
    await sleep(40)
  }
  throw new Error(`No answer from ${url} within a minute:\n${output()}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGINT')
  await exited
}

/** The command's descendants, and whatever works in the state directory or is told of it. */
async function processesOf(pid: number, directory: string): Promise<ProcessEntry[]> {
  const table = await processTable()
  const roots = await Promise.all(
    table.map(async (entry) => {
      const place = await readlink(`/proc/${entry.pid}/cwd`).catch(() => '')
      const isOurs = place.startsWith(directory) || entry.command.includes(directory)
      return isOurs || entry.pid === pid ? entry.pid : null
    }),
  )
  const found = new Map<number, ProcessEntry>()
  for (const one of roots) {
    if (one === null) continue
    for (const entry of treeOf(table, one)) found.set(entry.pid, entry)
  }
  // npm and the bootstrap only wait; a system that is installed runs without them.
  return [...found.values()].filter(({ command }) => !/^npm |bootstrap\.mjs/.test(command))
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}
