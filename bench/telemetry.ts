// What it costs to see: Conduit's mix with nobody measuring, and with each way to measure. CPU of the server's
// process per request, everything that it does for telemetry included: counting, spans, the log's lines with
// their trace ids, and being read once a second. Two processes of the same program differ by several percent for
// as long as they live, so each is compared with itself: it measures and does not, in turns, many short ones;
// and each way is started anew several times. `nothing` is told the same and does nothing: how far it is from 1
// is what the others are to be trusted by.
// usage: node bench/telemetry.ts [--starts 5] [--rounds 40] [--seconds 0.25] [--connections 16] [--users 2000]
//   [--only nothing,all]
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
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
import { median, spread } from './lib/statistics.ts'

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '40' },
    seconds: { type: 'string', default: '0.25' },
    connections: { type: 'string', default: '16' },
    users: { type: 'string', default: '2000' },
    only: { type: 'string', default: '' },
  },
})
const starts = Number(values.starts)
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const connections = Number(values.connections)
const users = Number(values.users)
const seed = Number(process.env.BANYAN_SEED ?? 1)
const warmUpSeconds = 4
const traces = { share: 0.01, slowMs: 500 }

/** `metrics`: ours alone. `all`: what the product does, metrics, traces and trace ids in the log. */
const kinds = [
  'nothing',
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
  readonly metricsUrl: string
  readonly requests: Iterator<Buffer>
  /** How long it was asked, while it measured, since it was last read. */
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

async function start(
  kind: Kind,
  systemFile: string,
  sink: Server,
  material: Material,
): Promise<Contestant> {
  const { port: sinkPort } = sink.address() as AddressInfo
  const child = fork(new URL('telemetry-server.ts', import.meta.url).pathname, [kind], {
    env: {
      ...process.env,
      BANYAN_SYSTEM: systemFile,
      BENCH_SPANS: `http://127.0.0.1:${sinkPort}`,
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The server of ${kind} ended with ${code}.`)
  })
  const [{ port, metricsPort }] = (await Promise.race([once(child, 'message'), ended])) as [
    { port: number; metricsPort: number },
  ]
  ended.catch(() => {})
  const metricsUrl = `http://127.0.0.1:${metricsPort}/`
  return { child, port, metricsUrl, requests: requestsOf(material, seed), unreadSeconds: 0 }
}

async function turn({ child }: Contestant, isOn: boolean): Promise<void> {
  const told = once(child, 'message')
  child.send({ isOn })
  await told
}

async function read(url: string): Promise<string> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`)
  return await answer.text()
}

/** CPU of the server's process per request, in microseconds, while it measures or does not. */
async function measure(
  contestant: Contestant,
  isOn: boolean,
  forSeconds: number = seconds,
): Promise<number> {
  const { port, requests, metricsUrl, child } = contestant
  await turn(contestant, isOn)
  const pid = child.pid as number
  const before = await cpuMs(pid)
  const report = await closedLoop({ port, connections, seconds: forSeconds, requests })
  if (isOn) contestant.unreadSeconds += forSeconds
  if (isOn && contestant.unreadSeconds >= 1) {
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
  const text = await read(metricsUrl)
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

/** CPU per request without and with measuring, by rounds. */
type Samples = Readonly<Record<'off' | 'on', readonly number[]>>

/** Of one process: the code is compiled for both before anything counts. */
async function samplesOf(contestant: Contestant): Promise<Samples> {
  for (const isOn of [true, false]) await measure(contestant, isOn, warmUpSeconds / 2)
  return await interleave(rounds, {
    off: () => measure(contestant, false),
    on: () => measure(contestant, true),
  })
}

async function compare(postgres: TestPostgres): Promise<void> {
  const database = await createConduitDatabase(postgres)
  const sink = await spanSink()
  const samples = new Map<Kind, Samples[]>(chosen.map((kind) => [kind, []]))
  let statements = 0
  try {
    const material = await fillConduit(database.adminUrl, users)
    for (let at = 0; at < starts * chosen.length; at += 1) {
      const kind = chosen[at % chosen.length] as Kind
      const contestant = await start(kind, database.runtimeFile, sink, material)
      try {
        samples.get(kind)?.push(await samplesOf(contestant))
        if (kind === 'all') statements = await statementsPerRequest(contestant)
      } finally {
        contestant.child.kill()
      }
    }
    const replays = new Map<Kind, number>()
    for (const kind of chosen) replays.set(kind, await replayed(kind, Math.round(statements)))
    console.log(JSON.stringify(resultOf(samples, replays, statements), null, 2))
  } finally {
    sink.close()
    await database.remove()
  }
}

/** Of each round its own ratio: what disturbs a round disturbs both. */
function resultOf(
  samples: ReadonlyMap<Kind, readonly Samples[]>,
  replays: ReadonlyMap<Kind, number>,
  statements: number,
) {
  const ratiosOf = ({ off, on }: Samples) => on.map((one, at) => one / (off[at] as number))
  const replayed = (kind: Kind) => (replays.get(kind) ?? 0) - (replays.get('nothing') ?? 0)
  const of = (kind: Kind) => {
    const all = samples.get(kind) ?? []
    const off = median(all.flatMap((one) => one.off))
    const ratios = all.flatMap(ratiosOf)
    return {
      cpuMicrosPerRequest: {
        off: round(off, 1),
        on: round(median(all.flatMap((one) => one.on)), 1),
      },
      ratio: round(median(ratios), 3),
      ratioSpread: round(spread(ratios), 3),
      ratioOfStarts: all.map((one) => round(median(ratiosOf(one)), 3)),
      replayed: {
        cpuMicrosPerRequest: round(replayed(kind), 2),
        ratio: round(1 + replayed(kind) / off, 3),
      },
    }
  }
  return {
    what: "CPU of the web process per request of Conduit's mix, 60% listings and feeds, 30% article reads, 10% writes, with a line of log per request",
    configuration: {
      users,
      articles: users * 5,
      connections,
      starts,
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
try {
  await compare(postgres)
} finally {
  await postgres.stop()
}
