// What it costs to see: Conduit's mix with nobody measuring, and with each way to measure, in rounds that
// take turns. CPU of the server's process per request, everything that it does for telemetry included:
// counting, spans, the log's lines with their trace ids, and being read once a second.
// usage: node bench/telemetry.ts [--rounds 60] [--seconds 0.5] [--connections 16] [--users 2000] [--only off,all]
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { createConduitDatabase } from '../tests/cluster/conduit-system.ts'
import { closedLoop } from './closed-loop.ts'
import { fillConduit } from './conduit-material.ts'
import { type Material, requestsOf } from './conduit-requests.ts'
import { interleave } from './lib/interleave.ts'
import { cpuMs } from './lib/processes.ts'
import { median, percentile, spread } from './lib/statistics.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '0.5' },
    connections: { type: 'string', default: '16' },
    users: { type: 'string', default: '2000' },
    only: { type: 'string', default: '' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const connections = Number(values.connections)
const users = Number(values.users)
const seed = Number(process.env.BANYAN_SEED ?? 1)
const warmUpSeconds = 4
const traces = { share: 0.01, slowMs: 500 }
const metricsToken = 'bench'

/** `metrics`: ours alone. `all`: what the product does, metrics, traces and trace ids in the log. */
const kinds = [
  'off',
  'metrics',
  'promClient',
  'opentelemetry',
  'opentelemetryWithTraces',
  'all',
] as const
type Kind = (typeof kinds)[number]
const chosen = kinds.filter((kind) => values.only === '' || values.only.split(',').includes(kind))

type Contestant = {
  readonly child: ChildProcess
  readonly port: number
  /** Where it is read; null: nobody does. */
  readonly metricsUrl: string | null
  readonly requests: Iterator<Buffer>
  /** How long it was asked since it was last read. */
  unreadSeconds: number
}

/** Takes spans as the store does, and forgets them. Its CPU is that of the bench. */
async function spanSink(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** The file of a system that measures, beside that of one that does not. */
async function measuringFile(plain: string, sink: Server): Promise<string> {
  const path = `${plain}.measuring`
  await copyFile(plain, path)
  const file = JSON.parse(await readFile(path, 'utf8'))
  const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`
  const telemetry = { otlp: { url, token: 'bench' }, traces, metricsToken }
  await writeFile(path, JSON.stringify({ ...file, telemetry }))
  return path
}

async function start(kind: Kind, systemFile: string, material: Material): Promise<Contestant> {
  const child = fork(new URL('telemetry-server.ts', import.meta.url).pathname, [kind], {
    env: { ...process.env, BANYAN_SYSTEM: systemFile, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The server of ${kind} ended with ${code}.`)
  })
  const [{ port, metricsPort }] = (await Promise.race([once(child, 'message'), ended])) as [
    { port: number; metricsPort: number | null },
  ]
  ended.catch(() => {})
  const own = kind === 'all' ? `http://127.0.0.1:${port}/-/metrics` : null
  const metricsUrl = metricsPort === null ? own : `http://127.0.0.1:${metricsPort}/`
  return { child, port, metricsUrl, requests: requestsOf(material, seed), unreadSeconds: 0 }
}

async function read(url: string): Promise<string> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${metricsToken}` } })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`)
  return await answer.text()
}

/** CPU of the server's process per request, in microseconds. */
async function measure(contestant: Contestant, forSeconds: number): Promise<number> {
  const { port, requests, metricsUrl, child } = contestant
  const pid = child.pid as number
  const before = await cpuMs(pid)
  const report = await closedLoop({ port, connections, seconds: forSeconds, requests })
  contestant.unreadSeconds += forSeconds
  if (metricsUrl !== null && contestant.unreadSeconds >= 1) {
    contestant.unreadSeconds = 0
    await read(metricsUrl)
  }
  const spent = (await cpuMs(pid)) - before
  if (Object.keys(report.refused).length > 0) {
    throw new Error(`Requests of the mix were refused: ${JSON.stringify(report.refused)}`)
  }
  return (spent * 1_000) / report.answers
}

/** Statements per request, as the product counted them. */
async function statementsPerRequest({ metricsUrl }: Contestant): Promise<number> {
  const text = await read(String(metricsUrl))
  const sum = (name: string, but: RegExp): number =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${name}_count`) && !but.test(line))
      .reduce((all, line) => all + Number(line.split(' ').at(-1)), 0)
  const statements = sum('db_client_operation_duration_seconds', /TRANSACTION/)
  return statements / sum('http_server_request_duration_seconds', /^$/)
}

/** What telling a kind's watchers of such requests costs, beyond telling nobody. */
async function replayed(kind: Kind, statements: number): Promise<number> {
  const child = fork(new URL('telemetry-server.ts', import.meta.url).pathname, [
    kind,
    String(statements),
  ])
  const [{ micros }] = (await once(child, 'message')) as [{ micros: number }]
  return micros
}

const round = (number: number, digits: number) => Number(number.toFixed(digits))

async function compare(postgres: TestPostgres, contestants: Map<Kind, Contestant>): Promise<void> {
  const database = await createConduitDatabase(postgres)
  const sink = await spanSink()
  try {
    const material = await fillConduit(database.adminUrl, users)
    const measuring = await measuringFile(database.runtimeFile, sink)
    for (const kind of chosen) {
      const file = kind === 'all' ? measuring : database.runtimeFile
      contestants.set(kind, await start(kind, file, material))
    }
    const take = (kind: Kind, forSeconds: number) =>
      measure(contestants.get(kind) as Contestant, forSeconds)
    for (const kind of chosen) await take(kind, warmUpSeconds)
    const takers = chosen.map((kind) => [kind, () => take(kind, seconds)] as const)
    const samples = await interleave(rounds, Object.fromEntries(takers))
    const statements = await statementsPerRequest(contestants.get('all') as Contestant)
    const replays = new Map<Kind, number>()
    for (const kind of chosen) replays.set(kind, await replayed(kind, Math.round(statements)))
    const result = resultOf(samples as Record<Kind, number[]>, replays, statements)
    console.log(JSON.stringify(result, null, 2))
  } finally {
    sink.close()
    await database.remove()
  }
}

/** Of each round its own ratio: what disturbs a round disturbs all of it. */
function resultOf(
  samples: Record<Kind, number[]>,
  replays: ReadonlyMap<Kind, number>,
  statements: number,
) {
  const ratios = (kind: Kind) => samples[kind].map((one, at) => one / (samples.off[at] as number))
  // Of a busy machine the least disturbed rounds are nearest to the truth: others only add to it.
  const least = (kind: Kind) => percentile(samples[kind], 0.1)
  const replayed = (kind: Kind) => (replays.get(kind) ?? 0) - (replays.get('off') ?? 0)
  const of = (kind: Kind) => ({
    cpuMicrosPerRequest: round(median(samples[kind]), 1),
    ratio: round(median(ratios(kind)), 3),
    ratioSpread: round(spread(ratios(kind)), 3),
    least: {
      cpuMicrosPerRequest: round(least(kind), 1),
      ratio: round(least(kind) / least('off'), 3),
    },
    replayed: {
      cpuMicrosPerRequest: round(replayed(kind), 2),
      ratio: round(1 + replayed(kind) / least('off'), 3),
    },
  })
  return {
    what: "CPU of the web process per request of Conduit's mix, 60% listings and feeds, 30% article reads, 10% writes, with a line of log per request",
    configuration: {
      users,
      articles: users * 5,
      connections,
      rounds,
      seconds,
      durable: true,
      traces,
      readEverySeconds: 1,
      statementsPerRequest: round(statements, 1),
    },
    ...Object.fromEntries(chosen.map((kind) => [kind, of(kind)])),
  }
}

const postgres = await startPostgres({ durable: true })
const contestants = new Map<Kind, Contestant>()
try {
  await compare(postgres, contestants)
} finally {
  for (const { child } of contestants.values()) child.kill()
  await postgres.stop()
}
