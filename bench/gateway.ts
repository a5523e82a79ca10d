// What a request costs on its way through the gateway and through HAProxy, as control sets both up, against
// http-proxy-3 and @fastify/http-proxy before the same two servers. Without HAProxy here it is left out. It is CPU of the proxy's process per request that counts: load and
// servers are on the same machine. Latency is measured by the same closed loop. Prints JSON.
// usage: node bench/gateway.ts [rounds] [seconds]
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { haproxyProgram } from '../packages/control/src/engines/haproxy/program.ts'
import { closedLoop } from './closed-loop.ts'
import { interleave } from './lib/interleave.ts'
import { cpuMs } from './lib/processes.ts'
import { median, percentile, spread } from './lib/statistics.ts'

const rounds = Number(process.argv[2] ?? 7)
const seconds = Number(process.argv[3] ?? 3)
const connections = 20

const allKinds = ['banyan', 'haproxy', 'http-proxy-3', 'fastify'] as const
type Kind = (typeof allKinds)[number]
const hasHaproxy = !((await haproxyProgram()) instanceof Error)
const kinds = allKinds.filter((kind) => kind !== 'haproxy' || hasHaproxy)
type Sample = { readonly cpuMicros: number; readonly p99Ms: number; readonly perSecond: number }

const headers = [
  'Host: app.example.com',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Accept: application/json',
  'Accept-Encoding: gzip, br',
  'Accept-Language: en',
  'Cookie: session=0123456789abcdef0123456789abcdef',
]
const get = `GET /api/articles/a-title?page=1 HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`
const body = JSON.stringify({ comment: { body: 'x'.repeat(200) } })
const post = `POST /api/articles/a-title/comments HTTP/1.1\r\n${headers.join('\r\n')}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** Nine of ten are reads, as in Conduit's mix. */
function* requests(): Generator<Buffer> {
  const [read, write] = [Buffer.from(get), Buffer.from(post)]
  for (let n = 0; ; n++) yield n % 10 === 9 ? write : read
}

const started: ChildProcess[] = []

async function start(
  script: string,
  args: readonly string[],
): Promise<{ pid: number; port: number }> {
  const file = new URL(script, import.meta.url).pathname
  const child = fork(file, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  started.push(child)
  // HAProxy serves in a process of its own.
  const [said] = (await once(child, 'message')) as [{ port: number; pid?: number }]
  return { pid: said.pid ?? (child.pid as number), port: said.port }
}

async function sample(
  { pid, port }: { pid: number; port: number },
  forSeconds: number,
): Promise<Sample> {
  const before = await cpuMs(pid)
  const report = await closedLoop({ port, connections, seconds: forSeconds, requests: requests() })
  const cpuMicros = (((await cpuMs(pid)) - before) * 1_000) / report.answers
  if (Object.keys(report.refused).length > 0) {
    throw new Error(`refused: ${JSON.stringify(report.refused)}`)
  }
  return {
    cpuMicros,
    p99Ms: percentile(report.latenciesMs, 0.99),
    perSecond: report.answers / report.seconds,
  }
}

try {
  const servers = await Promise.all([
    start('./gateway-server.ts', []),
    start('./gateway-server.ts', []),
  ])
  const ports = servers.map(({ port }) => String(port))
  const proxies = Object.fromEntries(
    await Promise.all(
      kinds.map(
        async (kind) => [kind, await start('./gateway-proxy.ts', [kind, ...ports])] as const,
      ),
    ),
  ) as Record<Kind, { pid: number; port: number }>
  for (const kind of kinds) await sample(proxies[kind], 2)
  const contestants = Object.fromEntries(
    kinds.map((kind) => [kind, () => sample(proxies[kind], seconds)] as const),
  ) as Record<Kind, () => Promise<Sample>>
  const samples = await interleave(rounds, contestants)
  const of = (kind: Kind) => {
    const cpu = samples[kind].map(({ cpuMicros }) => cpuMicros)
    return {
      cpuMicrosPerRequest: Number(median(cpu).toFixed(2)),
      spread: Number(spread(cpu).toFixed(2)),
      requestsPerCpuSecond: Math.round(1e6 / median(cpu)),
      p99Ms: Number(median(samples[kind].map(({ p99Ms }) => p99Ms)).toFixed(2)),
      requestsPerSecond: Math.round(median(samples[kind].map(({ perSecond }) => perSecond))),
    }
  }
  // Of each round its own ratio: what disturbs a round disturbs both sides of it.
  const ratio = (kind: Kind, figure: 'cpuMicros' | 'p99Ms'): number =>
    Number(
      median(
        samples[kind].map((one, n) => one[figure] / (samples.banyan[n]?.[figure] ?? 1)),
      ).toFixed(2),
    )
  const result = {
    rounds,
    seconds,
    connections,
    banyan: of('banyan'),
    ...(hasHaproxy && { haproxy: of('haproxy') }),
    httpProxy3: of('http-proxy-3'),
    fastify: of('fastify'),
    ratio: {
      requestsPerCpuSecond: {
        ...(hasHaproxy && { haproxy: ratio('haproxy', 'cpuMicros') }),
        httpProxy3: ratio('http-proxy-3', 'cpuMicros'),
        fastify: ratio('fastify', 'cpuMicros'),
      },
      p99: {
        ...(hasHaproxy && { haproxy: ratio('haproxy', 'p99Ms') }),
        httpProxy3: ratio('http-proxy-3', 'p99Ms'),
        fastify: ratio('fastify', 'p99Ms'),
      },
    },
  }
  console.log(JSON.stringify(result, null, 2))
} finally {
  for (const child of started) child.disconnect()
}
