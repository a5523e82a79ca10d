// Conduit's mix, the same handlers on Banyan and on bare Fastify + pg, in rounds that take turns.
// usage: node bench/conduit-mix.ts [--rounds 12] [--seconds 3] [--connections 16] [--users 10000]
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { createBareDatabase, createConduitDatabase } from '../tests/cluster/conduit-system.ts'
import { closedLoop } from './closed-loop.ts'
import { fillConduit } from './conduit-material.ts'
import { requestsOf } from './conduit-requests.ts'
import { interleave } from './lib/interleave.ts'
import { cpuMs, processTable, treeOf } from './lib/processes.ts'
import { median, percentile, spread } from './lib/statistics.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
    users: { type: 'string', default: '10000' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const connections = Number(values.connections)
const users = Number(values.users)
const seed = Number(process.env.BANYAN_SEED ?? 1)
/** Connections to the database: as many as Banyan gives the one process of `single`. */
const poolMax = 20
const warmUpSeconds = 4

const kinds = ['banyan', 'bare'] as const
type Kind = (typeof kinds)[number]

type Contestant = {
  readonly child: ChildProcess
  readonly port: number
  readonly requests: Iterator<Buffer>
}

type Round = {
  readonly requestsPerSecond: number
  /** Of the server process alone. */
  readonly cpuMicrosPerRequest: number
  /** Of PostgreSQL, all its processes. */
  readonly databaseCpuMicrosPerRequest: number
  readonly p50Ms: number
  readonly p99Ms: number
}

async function startContestant(kind: Kind, postgres: TestPostgres): Promise<Contestant> {
  const database =
    kind === 'banyan' ? await createConduitDatabase(postgres) : await createBareDatabase(postgres)
  const material = await fillConduit(database.adminUrl, users)
  const system = 'runtimeFile' in database ? { BANYAN_SYSTEM: database.runtimeFile as string } : {}
  const child = fork(
    new URL('conduit-server.ts', import.meta.url).pathname,
    [kind, database.appUrl, String(poolMax)],
    // Logging costs both alike and is no part of the question: only warnings are written.
    {
      env: { ...process.env, ...system, LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  )
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { child, port, requests: requestsOf(material, seed) }
}

const pidOf = ({ child }: Contestant) => child.pid as number

/** Of PostgreSQL's processes, those included that have ended: the postmaster has waited for these. */
async function databaseCpuMs({ pid: postmaster }: TestPostgres): Promise<number> {
  const living = treeOf(await processTable(), postmaster)
  const spent = await Promise.all(living.map(({ pid }) => cpuMs(pid).catch(() => 0)))
  return spent.reduce((sum, one) => sum + one, await endedChildrenCpuMs(postmaster))
}

const msPerTick = 10

async function endedChildrenCpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * msPerTick
}

async function measure(
  contestant: Contestant,
  postgres: TestPostgres,
  forSeconds: number,
): Promise<Round> {
  const { port, requests } = contestant
  const database = await databaseCpuMs(postgres)
  const server = await cpuMs(pidOf(contestant))
  const report = await closedLoop({ port, connections, seconds: forSeconds, requests })
  const perRequest = (ms: number) => (ms * 1000) / report.answers
  if (Object.keys(report.refused).length > 0) {
    throw new Error(`Requests of the mix were refused: ${JSON.stringify(report.refused)}`)
  }
  return {
    requestsPerSecond: report.answers / report.seconds,
    cpuMicrosPerRequest: perRequest((await cpuMs(pidOf(contestant))) - server),
    databaseCpuMicrosPerRequest: perRequest((await databaseCpuMs(postgres)) - database),
    p50Ms: percentile(report.latenciesMs, 0.5),
    p99Ms: percentile(report.latenciesMs, 0.99),
  }
}

const round = (number: number, digits: number) => Number(number.toFixed(digits))

/** A figure of one contestant over all rounds. */
const medianOf = (done: readonly Round[], figure: keyof Round, digits: number) =>
  round(median(done.map((one) => one[figure])), digits)

const medians = (done: readonly Round[]) => ({
  requestsPerSecond: medianOf(done, 'requestsPerSecond', 0),
  cpuMicrosPerRequest: medianOf(done, 'cpuMicrosPerRequest', 1),
  databaseCpuMicrosPerRequest: medianOf(done, 'databaseCpuMicrosPerRequest', 1),
  p50Ms: medianOf(done, 'p50Ms', 2),
  p99Ms: medianOf(done, 'p99Ms', 2),
})

/** Neighbouring rounds see the same machine: ratios are made of them. */
const ratiosOf = (done: Record<Kind, Round[]>, of: (one: Round) => number): number[] =>
  done.banyan.map((one, index) => of(one) / of(done.bare[index] as Round))

const allCpu = (one: Round) => one.cpuMicrosPerRequest + one.databaseCpuMicrosPerRequest

const postgres = await startPostgres({ durable: true })
const contestants: Partial<Record<Kind, Contestant>> = {}
try {
  for (const kind of kinds) contestants[kind] = await startContestant(kind, postgres)
  const take = (kind: Kind, forSeconds: number) =>
    measure(contestants[kind] as Contestant, postgres, forSeconds)
  for (const kind of kinds) await take(kind, warmUpSeconds)
  const done = await interleave(rounds, {
    banyan: () => take('banyan', seconds),
    bare: () => take('bare', seconds),
  })
  const requests = ratiosOf(done, (one) => one.requestsPerSecond)
  const result = {
    what: '60% listings and feeds, 30% article reads, 10% writes; the same handlers on Banyan and on bare Fastify + pg',
    configuration: {
      users,
      articles: users * 5,
      connections,
      poolMax,
      rounds,
      seconds,
      durable: true,
    },
    banyan: medians(done.banyan),
    bare: medians(done.bare),
    ratio: {
      requestsPerSecond: round(median(requests), 3),
      requestsPerSecondSpread: round(spread(requests), 3),
      cpuMicrosPerRequest: round(median(ratiosOf(done, (one) => one.cpuMicrosPerRequest)), 3),
      allCpuMicrosPerRequest: round(median(ratiosOf(done, allCpu)), 3),
    },
  }
  console.log(JSON.stringify(result, null, 2))
} finally {
  for (const contestant of Object.values(contestants)) contestant.child.kill()
  await postgres.stop()
}
