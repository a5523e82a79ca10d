// What `serve` costs: a Fastify app that does nothing, on its own `listen` and under `serve`, with and
// without a line of log per request. It is CPU of the server's process per request that counts: the
// load is on the same machine, so that requests per second would measure the load as well. Prints JSON.
// usage: node bench/serve-overhead.ts [rounds] [seconds]
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closedLoop } from './closed-loop.ts'
import { interleave } from './lib/interleave.ts'
import { cpuMs } from './lib/processes.ts'
import { median, spread } from './lib/statistics.ts'

const rounds = Number(process.argv[2] ?? 7)
const seconds = Number(process.argv[3] ?? 3)
const connections = 20

const kinds = ['bare', 'quiet', 'logging'] as const
type Kind = (typeof kinds)[number]

const file = new URL('./serve-overhead-server.ts', import.meta.url).pathname
const request = Buffer.from('GET / HTTP/1.1\r\nHost: bench\r\n\r\n')

function* forever(): Generator<Buffer> {
  while (true) yield request
}

async function startServer(kind: Kind): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(file, [kind], {
    env: { ...process.env, PORT: '0', LOG_LEVEL: 'info' },
    // The log goes where a service's log goes: to a file that nobody reads while it is written.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { child, port }
}

const servers = Object.fromEntries(
  await Promise.all(kinds.map(async (kind) => [kind, await startServer(kind)] as const)),
) as Record<Kind, Awaited<ReturnType<typeof startServer>>>

async function sample(kind: Kind, forSeconds = seconds): Promise<number> {
  const { child, port } = servers[kind]
  const before = await cpuMs(child.pid as number)
  const load = { port, connections, seconds: forSeconds, requests: forever() }
  const { answers, refused } = await closedLoop(load)
  if (Object.keys(refused).length > 0) throw new Error(`refused: ${JSON.stringify(refused)}`)
  return (((await cpuMs(child.pid as number)) - before) * 1_000) / answers
}

try {
  for (const kind of kinds) await sample(kind, 2)
  const samples = await interleave(rounds, {
    bare: () => sample('bare'),
    quiet: () => sample('quiet'),
    logging: () => sample('logging'),
  })
  // Of each round its own ratio: what disturbs a round disturbs both sides of it.
  const ratio = (kind: Kind): number =>
    Number(median(samples[kind].map((one, n) => one / (samples.bare[n] ?? 1))).toFixed(3))
  const of = (kind: Kind) => ({
    cpuMicrosPerRequest: Number(median(samples[kind]).toFixed(2)),
    spread: Number(spread(samples[kind]).toFixed(2)),
  })
  const result = {
    rounds,
    seconds,
    connections,
    bare: of('bare'),
    quiet: of('quiet'),
    logging: of('logging'),
    ratio: { cpuMicrosPerRequest: ratio('quiet'), cpuMicrosPerRequestWithLog: ratio('logging') },
  }
  console.log(JSON.stringify(result, null, 2))
} finally {
  for (const { child } of Object.values(servers)) child.disconnect()
}
