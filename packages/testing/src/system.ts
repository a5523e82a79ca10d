import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const program = new URL('../../cli/bin/banyan.mjs', import.meta.url).pathname

export type StartSystemOptions = {
  /** Path of the config file. */
  readonly config: string
  /** Environment of the command, beside that of the test. */
  readonly env?: Readonly<Record<string, string>>
}

/** A node as `banyan status --json` shows it; there is more in it. */
export type NodeStatus = {
  readonly name: string
  readonly role: string
  readonly health: string
  readonly pid: number | null
}

/** A system that `banyan up --detach` started, with its state in a temporary folder. */
export type TestSystem = {
  readonly url: string
  readonly port: number
  readonly stateDirectory: string
  /** Runs a command on this system, and gives back its last line of JSON. */
  banyan(...words: string[]): Promise<Record<string, unknown>>
  status(): Promise<{ readonly nodes: readonly NodeStatus[] } & Record<string, unknown>>
  /** Kills a node, or the node of a role, with SIGKILL. */
  kill(node: string): Promise<void>
  /** What the nodes printed so far. */
  logs(): Promise<string>
  /** Stops everything and deletes the state. */
  stop(): Promise<void>
}

/**
 * Starts a system from its config, on a free port, as a user would with `banyan up --detach`. What it
 * started is stopped again also when it does not get up.
 *
 * @example
 * const system = await startSystem({ config: 'apps/conduit/banyan.config.ts' })
 * try {
 *   await fetch(system.url)
 * } finally {
 *   await system.stop()
 * }
 */
export async function startSystem(options: StartSystemOptions): Promise<TestSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-system-'))
  // PostgreSQL runs as an unprivileged user, who has to get through to the folder inside.
  await chmod(folder, 0o755)
  const stateDirectory = join(folder, 'state')
  const port = await freePort()
  const run = (words: readonly string[]): Promise<string> =>
    runCommand([...words, '--config', options.config, '--dir', stateDirectory], options.env ?? {})
  const banyan = async (...words: string[]): Promise<Record<string, unknown>> =>
    lastObject(await run([...words, '--json']))
  const stop = async (): Promise<void> => {
    await run(['down', '--destroy', '--yes'])
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await banyan('up', '--detach', '--port', String(port))
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stateDirectory,
    banyan,
    status: async () => (await banyan('status')) as Awaited<ReturnType<TestSystem['status']>>,
    kill: async (node) => void (await banyan('kill', node)),
    logs: () => run(['logs', '--lines', '1000']),
    stop,
  }
}

async function runCommand(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn(process.execPath, [program, ...words], {
    // A test runner's own variable would make every Node below believe that it runs tests.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (piece) => {
    stdout += piece
  })
  child.stderr.on('data', (piece) => {
    stderr += piece
  })
  const [code] = await once(child, 'close')
  if (code === 0) return stdout
  throw new Error(`banyan ${words.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
}

function lastObject(output: string): Record<string, unknown> {
  const line = output.trim().split('\n').at(-1)
  if (line === undefined || line === '') throw new Error('The command printed no JSON.')
  return JSON.parse(line) as Record<string, unknown>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address === 'object' && address !== null) return address.port
  throw new Error('There is no free port.')
}
