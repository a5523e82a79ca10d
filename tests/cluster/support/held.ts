import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { startLoad } from '@banyan/testing'
import {
  isSameProcess,
  type ProcessIdentity,
} from '../../../packages/control/src/sites/identity.ts'
import { eventually, makeApp, type TestApp } from './banyan.ts'

/*
 * Apps whose web process calls `serve`, so that it is the entry itself and has the public socket from
 * the holder; and what can be seen of the processes that look after them.
 */

const repository = new URL('../../../', import.meta.url).pathname

/** Each POST is a row, and its id the acknowledgement. */
const servingWeb = `import { createServer } from 'node:http'
import pg from ${JSON.stringify(join(repository, 'node_modules/pg/esm/index.mjs'))}
import { serve } from ${JSON.stringify(join(repository, 'packages/banyan/src/index.ts'))}
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5, connectionTimeoutMillis: 2000 })
pool.on('error', () => {})
await pool.query('create table if not exists notes (id bigserial primary key, body text)')
await serve(createServer(async (request, response) => {
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
}))
`

export async function makeHeldApp(files: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  return await makeApp({ 'web.mjs': servingWeb, ...files })
}

export async function bringUp(app: TestApp): Promise<void> {
  const { code, stdout, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  if (code !== 0) throw new Error(stdout + stderr)
}

export type Keeper = 'control' | 'holder'

/** The process that wrote itself down last; it may be dead. */
export async function identityOf(app: TestApp, who: Keeper): Promise<ProcessIdentity> {
  return JSON.parse(await readFile(join(app.state, `${who}.json`), 'utf8'))
}

/** Sends SIGKILL, and gives what was killed. */
export async function killKeeper(app: TestApp, who: Keeper): Promise<ProcessIdentity> {
  const identity = await identityOf(app, who)
  process.kill(identity.pid, 'SIGKILL')
  return identity
}

/** SIGKILL for both who look after a system, so that nobody starts anybody again. */
export async function killBoth({ state }: Pick<TestApp, 'state'>): Promise<void> {
  const [holder, control] = await Promise.all(
    ['holder.json', 'control.json'].map(
      async (name) => JSON.parse(await readFile(join(state, name), 'utf8')) as ProcessIdentity,
    ),
  )
  // Frozen first: otherwise it may be faster than the second kill.
  for (const [pid, signal] of [
    [holder?.pid, 'SIGSTOP'],
    [control?.pid, 'SIGKILL'],
    [holder?.pid, 'SIGKILL'],
  ] as const) {
    if (pid !== undefined) process.kill(pid, signal)
  }
}

/** The one that has taken the place of another, and how long that took. */
export async function nextKeeper(
  app: TestApp,
  who: Keeper,
  last: ProcessIdentity,
): Promise<{ identity: ProcessIdentity; ms: number }> {
  const began = performance.now()
  const identity = await eventually(async () => {
    const found = await identityOf(app, who)
    const isNext = found.pid !== last.pid || found.startTime !== last.startTime
    return isNext && isSameProcess(found) ? found : null
  })
  return { identity, ms: Math.round(performance.now() - began) }
}

/** Returns when status shows exactly these nodes; a control that has just begun has not looked yet. */
export async function untilNodes(app: TestApp, nodes: readonly unknown[]): Promise<void> {
  await eventually(async () => (isDeepStrictEqual(await nodesOf(app), nodes) ? true : null))
}

/** Name, process and health of every node. */
export async function nodesOf(app: TestApp): Promise<[string, number | null, string][]> {
  const { nodes } = (await app.json('status')) as {
    nodes: { name: string; pid: number | null; health: string }[]
  }
  return nodes.map(({ name, pid, health }) => [name, pid, health])
}

/** The sockets that a process has open, by the kernel's numbers. */
export async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`
  const links = await Promise.all(
    (await readdir(folder)).map(async (fd) => await readlink(join(folder, fd)).catch(() => '')),
  )
  return links.filter((link) => link.startsWith('socket:'))
}

/** The kernel's number of the one socket that listens at a port of 127.0.0.1 or ::1. */
export async function listenersAt(port: number): Promise<string[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map(async (path) => await readFile(path, 'utf8')),
  )
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return tables
    .flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)))
    .filter(([, local, , state]) => state === '0A' && local?.endsWith(`:${hex}`))
    .map((fields) => `socket:[${fields[9]}]`)
}

async function write(app: TestApp): Promise<number> {
  const response = await fetch(app.url, {
    method: 'POST',
    signal: AbortSignal.timeout(5_000),
    headers: { connection: 'close' },
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(text)
  return Number(text)
}

export type UnderLoad = {
  readonly sent: number
  readonly failed: readonly string[]
  /** Acknowledged, and not there. */
  readonly lost: readonly number[]
  readonly longestGapMs: number
}

/** Does something while clients write, each over a connection of its own. */
export async function underLoad(app: TestApp, work: () => Promise<void>): Promise<UnderLoad> {
  const load = startLoad({ rate: 50, send: async () => await write(app) })
  try {
    await eventually(async () => (load.acknowledged() > 10 ? true : null))
    await work()
  } catch (error) {
    await load.stop()
    throw error
  }
  const { sent, acknowledged, failed, longestGapMs } = await load.stop()
  const there = new Set(((await (await fetch(app.url)).json()) as string[]).map(Number))
  const lost = acknowledged.map(({ value }) => value).filter((value) => !there.has(value))
  return {
    sent,
    failed: failed.map(({ error }) => String((error as Error).cause ?? error)),
    lost,
    longestGapMs: Math.round(longestGapMs),
  }
}
