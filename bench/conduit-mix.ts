// Conduit's mix, the same handlers on Banyan and on bare Fastify + pg, in rounds that take turns.
// usage: node bench/conduit-mix.ts [--rounds 12] [--seconds 3] [--connections 16] [--users 10000]
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import pg from 'pg'
import { loadSeed } from '../apps/conduit/src/seed/load.ts'
import { createTokens } from '../apps/conduit/src/tokens.ts'
import { createBareDatabase, createConduitDatabase } from '../tests/cluster/conduit-system.ts'
import { closedLoop, type LoopReport } from './closed-loop.ts'
import { type Material, requestsOf } from './conduit-requests.ts'

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
/** Connections to the database: as many as a process of this machine gets from Banyan. */
const poolMax = 10
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
  readonly cpuMicrosPerRequest: number
  readonly p50Ms: number
  readonly p99Ms: number
}

async function fill(url: string): Promise<Material> {
  const client = new pg.Client(url)
  await client.connect()
  await loadSeed(client, { users, articles: users * 5, seed: 1 })
  await client.query('vacuum analyze')
  const list = async (text: string) => (await client.query(text)).rows.map((row) => row.value)
  const [secret] = await list("select value from settings where name = 'token_secret'")
  const tokens = createTokens(secret)
  const material = {
    slugs: await list('select slug as value from articles order by md5(slug) limit 5000'),
    usernames: await list('select username as value from users order by md5(username) limit 2000'),
    tags: await list(
      'select tag as value from article_tags order by md5(tag || article_id) limit 500',
    ),
    tokens: (await list('select id as value from users order by md5(id::text) limit 1000')).map(
      tokens.sign,
    ),
  }
  await client.end()
  return material
}

async function startContestant(kind: Kind, postgres: TestPostgres): Promise<Contestant> {
  const database =
    kind === 'banyan' ? await createConduitDatabase(postgres) : await createBareDatabase(postgres)
  const material = await fill(database.adminUrl)
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
  return { child, port, requests: requestsOf(material, 1) }
}

async function cpuMicros({ child }: Contestant): Promise<number> {
  child.send('cpu')
  const [usage] = (await once(child, 'message')) as [NodeJS.CpuUsage]
  return usage.user + usage.system
}

async function measure(contestant: Contestant, forSeconds: number): Promise<Round> {
  const before = await cpuMicros(contestant)
  const { port, requests } = contestant
  const report = await closedLoop({ port, connections, seconds: forSeconds, requests })
  if (Object.keys(report.refused).length > 0) {
    throw new Error(`Requests of the mix were refused: ${JSON.stringify(report.refused)}`)
  }
  return summarize(report, (await cpuMicros(contestant)) - before)
}

function summarize({ answers, seconds: took, latenciesMs }: LoopReport, cpu: number): Round {
  const sorted = [...latenciesMs].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
  return {
    requestsPerSecond: answers / took,
    cpuMicrosPerRequest: cpu / answers,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2
}

const round = (number: number, digits: number) => Number(number.toFixed(digits))

const medians = (done: readonly Round[]) => ({
  requestsPerSecond: round(median(done.map((one) => one.requestsPerSecond)), 0),
  cpuMicrosPerRequest: round(median(done.map((one) => one.cpuMicrosPerRequest)), 1),
  p50Ms: round(median(done.map((one) => one.p50Ms)), 2),
  p99Ms: round(median(done.map((one) => one.p99Ms)), 2),
})

/** Neighbouring rounds see the same machine: ratios are made of them, then their median is taken. */
const ratioOf = (done: Record<Kind, Round[]>, figure: keyof Round) =>
  round(
    median(done.banyan.map((one, index) => one[figure] / (done.bare[index] as Round)[figure])),
    3,
  )

const postgres = await startPostgres({ durable: true })
const contestants: Partial<Record<Kind, Contestant>> = {}
try {
  for (const kind of kinds) contestants[kind] = await startContestant(kind, postgres)
  const of = (kind: Kind) => contestants[kind] as Contestant
  for (const kind of kinds) await measure(of(kind), warmUpSeconds)
  const done: Record<Kind, Round[]> = { banyan: [], bare: [] }
  for (let index = 0; index < rounds; index++) {
    const order = index % 2 === 0 ? kinds : ([...kinds].reverse() as readonly Kind[])
    for (const kind of order) done[kind].push(await measure(of(kind), seconds))
  }
  const result = {
    name: 'conduit-mix',
    what: '60% listings and feeds, 30% article reads, 10% writes; the same handlers on Banyan and on bare Fastify + pg',
    hardware: {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memoryMb: Math.round(totalmem() / 2 ** 20),
    },
    versions: { node: process.version, postgres: '18' },
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
      requestsPerSecond: ratioOf(done, 'requestsPerSecond'),
      cpuMicrosPerRequest: ratioOf(done, 'cpuMicrosPerRequest'),
    },
  }
  console.log(JSON.stringify(result, null, 2))
} finally {
  for (const contestant of Object.values(contestants)) contestant.child.kill()
  await postgres.stop()
}
