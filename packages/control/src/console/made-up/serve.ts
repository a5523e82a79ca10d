import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rungs } from '@banyan/model'
import { type Assets, findAssets, readAssets } from '../assets.ts'
import { AuditLog } from '../audit.ts'
import type { ConsoleParts, StorePlace } from '../parts.ts'
import { type ConsoleServer, serveConsole } from '../server.ts'
import { MadeUpSystem } from './system.ts'

export type MadeUpConsole = ConsoleServer & {
  readonly system: MadeUpSystem
  readonly audit: AuditLog
  stop(): Promise<void>
}

export type MadeUpOptions = {
  readonly nodes: number
  /** How many changes of nodes there are in a second, spread over it. Default: none by itself. */
  readonly changesPerS?: number
  /** Default: a free one. */
  readonly port?: number
  readonly seed?: number
  readonly store?: StorePlace | null
  /** Default: the built files, where they are. */
  readonly assets?: Assets | null
  /** For what a test wants otherwise. */
  readonly parts?: Partial<ConsoleParts>
}

/**
 * Serves the console, as control does, over a system that is made up.
 *
 * @example
 * const made = await serveMadeUp({ nodes: 200, changesPerS: 500 })
 * await page.goto(made.freshUrl())
 * await made.stop()
 */
export async function serveMadeUp(options: MadeUpOptions): Promise<MadeUpConsole> {
  const { changesPerS = 0, port = 0 } = options
  const folder = await mkdtemp(join(tmpdir(), 'banyan-console-'))
  const system = new MadeUpSystem(options)
  const audit = await AuditLog.open({ path: join(folder, 'audit.log') })
  const server = await serveConsole(await partsOf(options, system, audit), (it) => listen(it, port))
  const timer = changing(system, changesPerS)
  const stop = async (): Promise<void> => {
    clearInterval(timer)
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...server, system, audit, stop }
}

async function partsOf(
  { store = null, assets, parts }: MadeUpOptions,
  system: MadeUpSystem,
  audit: AuditLog,
): Promise<ConsoleParts> {
  const folder = findAssets()
  const found = folder === null ? null : await readAssets(folder)
  return {
    system: 'made-up',
    control: system.control,
    audit,
    assets: assets === undefined ? found : assets,
    secret: 'a-secret-that-is-for-tests-alone',
    metricsToken: 'metrics-token-for-tests',
    metricsText: () => 'banyan_climb_running 0\n',
    store: () => store,
    flow: async () => system.flow(),
    ladder: async () => ({
      rungs: rungs.map(({ name, needs, adds, answers }, index) => {
        const state = index === 0 ? 'held' : 'open'
        return { name, number: index + 1, needs, adds, answers, state, obstacles: [] }
      }),
    }),
    plan: async () => ({ from: ['single'], to: ['single', 'balanced'], steps: [] }),
    release: async () => ({ climb: 'c-1' }),
    tables: async () => [],
    query: async () => ({ columns: [], rows: [], cut: false, ms: 0, answeredBy: 'db-1' }),
    ...parts,
  }
}

const changeEveryMs = 20

function changing(system: MadeUpSystem, perS: number): NodeJS.Timeout | undefined {
  if (perS === 0) return undefined
  const each = (perS * changeEveryMs) / 1_000
  let due = 0
  return setInterval(() => {
    due += each
    system.change(Math.floor(due))
    due -= Math.floor(due)
  }, changeEveryMs)
}

async function listen(server: Server, port: number): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port }, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
