// Conduit's mix on `balanced` against `single`: CPU per request by process, in rounds that take turns.
// usage: node bench/balanced.ts [--rounds 8] [--seconds 3] [--connections 16] [--users 5000]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findTarget } from '../apps/conduit/src/seed/target.ts'
import { closedLoop } from './closed-loop.ts'
import { fillConduit } from './conduit-material.ts'
import { requestsOf } from './conduit-requests.ts'
import { interleave } from './lib/interleave.ts'
import { cpuMs, processTable, treeOf } from './lib/processes.ts'
import { median, percentile } from './lib/statistics.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
    users: { type: 'string', default: '5000' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const connections = Number(values.connections)
const users = Number(values.users)
const seed = Number(process.env.BANYAN_SEED ?? 1)
const warmUpSeconds = 4

const root = new URL('..', import.meta.url).pathname
const kinds = ['single', 'balanced'] as const
type Kind = (typeof kinds)[number]

type Contestant = {
  readonly port: number
  readonly requests: Iterator<Buffer>
  /** Processor time by tier, in milliseconds since each process began. */
  cpu(): Promise<Record<string, number>>
  stop(): Promise<void>
}

async function banyan(state: string, ...words: string[]): Promise<Record<string, unknown>> {
  const program = join(root, 'packages/cli/bin/banyan.mjs')
  const config = join(root, 'apps/conduit/banyan.config.ts')
  const all = [program, ...words, '--json', '--config', config, '--dir', state]
  // Logging costs both alike and is no part of the question: only warnings are written.
  const env = { ...process.env, LOG_LEVEL: 'warn' }
  const child = spawn(process.execPath, all, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (piece) => {
    output += piece
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`banyan ${words.join(' ')} ended with ${code}: ${output}`)
  return JSON.parse(output.trim().split('\n').at(-1) ?? '{}')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

type Node = { readonly name: string; readonly tier: string; readonly pid: number }

async function startContestant(kind: Kind): Promise<Contestant> {
  const state = join(await mkdtemp(join(tmpdir(), 'banyan-bench-')), 'state')
  const port = await freePort()
  const stop = async () => void (await banyan(state, 'down', '--destroy', '--yes'))
  try {
    await banyan(state, 'up', '--detach', '--port', String(port), '--rungs', kind)
    const requests = requestsOf(await fillConduit(await findTarget(state), users), seed)
    const { nodes } = (await banyan(state, 'status')) as { nodes: Node[] }
    return { port, requests, cpu: async () => await cpuOf(nodes), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A database server is all of its processes that live. */
async function cpuOf(nodes: readonly Node[]): Promise<Record<string, number>> {
  const table = await processTable()
  const spent: Record<string, number> = {}
  for (const { tier, pid } of nodes) {
    const pids = tier === 'data' ? treeOf(table, pid).map((one) => one.pid) : [pid]
    const each = await Promise.all(pids.map((one) => cpuMs(one).catch(() => 0)))
    spent[tier] = (spent[tier] ?? 0) + each.reduce((sum, one) => sum + one, 0)
  }
  return spent
}

type Round = {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMicros: Readonly<Record<string, number>>
}

async function measure({ port, requests, cpu }: Contestant, forSeconds: number): Promise<Round> {
  const before = await cpu()
  const report = await closedLoop({ port, connections, seconds: forSeconds, requests })
  const after = await cpu()
  if (Object.keys(report.refused).length > 0) {
    throw new Error(`Requests of the mix were refused: ${JSON.stringify(report.refused)}`)
  }
  const cpuMicros = Object.fromEntries(
    Object.entries(after).map(([tier, ms]) => [
      tier,
      ((ms - (before[tier] ?? 0)) * 1000) / report.answers,
    ]),
  )
  return {
    requestsPerSecond: report.answers / report.seconds,
    p50Ms: percentile(report.latenciesMs, 0.5),
    p99Ms: percentile(report.latenciesMs, 0.99),
    cpuMicros,
  }
}

const rounded = (number: number, digits: number) => Number(number.toFixed(digits))

function medians(done: readonly Round[]) {
  const of = (figure: (one: Round) => number, digits: number) =>
    rounded(median(done.map(figure)), digits)
  const tiers = Object.keys(done[0]?.cpuMicros ?? {})
  return {
    requestsPerSecond: of((one) => one.requestsPerSecond, 0),
    p50Ms: of((one) => one.p50Ms, 2),
    p99Ms: of((one) => one.p99Ms, 2),
    cpuMicrosPerRequest: Object.fromEntries(
      tiers.map((tier) => [tier, of((one) => one.cpuMicros[tier] ?? 0, 1)]),
    ),
  }
}

const total = ({ cpuMicros }: Round) => Object.values(cpuMicros).reduce((sum, one) => sum + one, 0)

const contestants: Partial<Record<Kind, Contestant>> = {}
try {
  for (const kind of kinds) contestants[kind] = await startContestant(kind)
  const take = async (kind: Kind, forSeconds: number) =>
    await measure(contestants[kind] as Contestant, forSeconds)
  for (const kind of kinds) await take(kind, warmUpSeconds)
  const done = await interleave(rounds, {
    single: () => take('single', seconds),
    balanced: () => take('balanced', seconds),
  })
  const ratios = (of: (one: Round) => number) =>
    done.balanced.map((one, index) => of(one) / of(done.single[index] as Round))
  const result = {
    what: "Conduit's mix through the gateway and two web processes, against one web process alone",
    configuration: { users, articles: users * 5, connections, rounds, seconds },
    single: medians(done.single),
    balanced: medians(done.balanced),
    ratio: {
      cpuPerRequest: rounded(median(ratios(total)), 3),
      p99: rounded(median(ratios((one) => one.p99Ms)), 2),
    },
  }
  console.log(JSON.stringify(result, null, 2))
} finally {
  for (const contestant of Object.values(contestants)) await contestant.stop()
}
