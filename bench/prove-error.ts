// What the prover adds to a latency, and what it costs: against a server in another process that does
// nothing and answers after exactly 5 ms. Loopback, the server's reading and its writing are part of the
// error, so that it is an upper bound. Prints JSON.
// usage: node bench/prove-error.ts [rounds] [seconds]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { proveApart, type Report } from '@banyan/prove'
import { interleave } from './lib/interleave.ts'
import { median, spread } from './lib/statistics.ts'

const rounds = Number(process.argv[2] ?? 5)
const seconds = Number(process.argv[3] ?? 10)
const delayMs = 5

const file = new URL('./prove-error-server.ts', import.meta.url).pathname
const server = fork(file, [String(delayMs)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
const [port] = (await once(server, 'message')) as [number]

async function sample(rate: number, forSeconds = seconds): Promise<Report> {
  const report = await proveApart({
    scenario: { kind: 'front-page', path: '/' },
    url: `http://127.0.0.1:${port}`,
    rate,
    seconds: forSeconds,
  })
  if (report.failed.total > 0) throw new Error(`failed: ${JSON.stringify(report.failed)}`)
  return report
}

try {
  await sample(300, 2)
  const samples = await interleave(rounds, {
    at300: () => sample(300),
    at2000: () => sample(2000),
  })
  const of = (reports: readonly Report[]) => {
    const error = (percentile: 'p50Ms' | 'p99Ms') =>
      reports.map((report) => (report[percentile] ?? Number.NaN) - delayMs)
    const cpu = reports.map(({ proverCpuPercent }) => proverCpuPercent)
    return {
      errorMs: { p50: round(median(error('p50Ms'))), p99: round(median(error('p99Ms'))) },
      errorSpreadMs: { p50: round(spread(error('p50Ms'))), p99: round(spread(error('p99Ms'))) },
      sendLagP99Ms: round(median(reports.map(({ sendLagP99Ms }) => sendLagP99Ms ?? Number.NaN))),
      cpuPercent: round(median(cpu)),
      cpuSpread: round(spread(cpu)),
      behind: reports.filter(({ behind }) => behind).length,
    }
  }
  const result = {
    rounds,
    seconds,
    delayMs,
    at300: of(samples.at300),
    at2000: of(samples.at2000),
  }
  console.log(JSON.stringify(result, null, 2))
} finally {
  server.disconnect()
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
