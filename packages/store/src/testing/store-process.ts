import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { StoreFile } from '../store-file.ts'
import { storeFileIn } from './temporary.ts'

const program = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url))

export type RunningStore = {
  readonly child: ChildProcess
  readonly port: number
  /** Asks with the token; what is JSON is parsed. */
  readonly ask: (path: string, init?: RequestInit) => Promise<{ status: number; body: unknown }>
  readonly kill: (signal: NodeJS.Signals) => Promise<number | null>
}

/** Starts the store as control does; it ends with the test. */
export async function startStore(
  t: TestContext,
  folder: string,
  more: Partial<StoreFile> = {},
): Promise<RunningStore> {
  const file = storeFileIn(folder, more)
  const path = join(folder, 'store.json')
  writeFileSync(path, JSON.stringify(file), { mode: 0o600 })
  const child = fork(program, [path], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  t.after(() => void child.kill('SIGKILL'))
  let printed = ''
  const listen = (chunk: unknown) => {
    printed += String(chunk)
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', listen)
  const [word] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
    { kind?: string; port?: number },
  ]
  if (word?.kind !== 'listening' || word.port === undefined)
    throw new Error(`The store did not start: ${JSON.stringify(word)} ${printed}`)
  const { port } = word
  return { child, port, ask: asker(port, file.token), kill: (signal) => end(child, signal) }
}

function asker(port: number, token: string): RunningStore['ask'] {
  return async (path, init = {}) => {
    const headers = { authorization: `Bearer ${token}`, ...(init.headers as object) }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    return { status: response.status, body: isJson ? JSON.parse(text) : text }
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, 'exit')
  child.kill(signal)
  return (await ended)[0] as number | null
}
