import { inspectStateDirectory, statePaths } from '@banyan/control/api'
import type { Progress, Report } from '@banyan/prove'
import { paint } from '../paint.ts'
import type { Common } from '../program.ts'
import { chooseTarget, type Target } from '../prove/choose-target.ts'
import { describeReport } from '../prove/print-report.ts'
import { ProgressLine, sayBegun } from '../prove/progress-line.ts'

export type ProveOptions = {
  readonly seconds: number
  readonly rate: number
  /** A file, `built-in`, or `GET /path`; null: the app's own, else what is offered. */
  readonly scenario: string | null
  readonly url: string | null
  readonly seed: number | null
  readonly connections: number | null
  readonly timeoutMs: number
  /** The share of visitors that open a connection for each request; null: a tenth. */
  readonly oneRequest: number | null
  /** Visitors that keep a WebSocket open. */
  readonly webSockets: number
  /** Where; null: what the scenario says. */
  readonly webSocketPath: string | null
  /** Also anything that failed makes it exit with 1. */
  readonly strict: boolean
}

/** Sends a load that remembers, and reports whether anything was lost, doubled or stale. */
export async function prove(common: Common, options: ProveOptions): Promise<number> {
  // Not before it is needed: the other commands have no use for the prover's HTTP client.
  const { isFlawless, isProven } = await import('@banyan/prove')
  const paths = statePaths(common.directory)
  await inspectStateDirectory(paths)
  const target = await chooseTarget(paths, options)
  if (!common.json && target.why) process.stderr.write(`${paint('dim', target.why)}\n`)
  const line = new ProgressLine(process.stderr, options.seconds)
  const isShown = !common.json && process.stderr.isTTY
  const onProgress = isShown ? line.show : sayBegun(process.stderr)
  const report = await untilInterrupted(target, options, onProgress).finally(() => line.end())
  const said = target.why ? { ...report, notes: [target.why, ...report.notes] } : report
  process.stdout.write(common.json ? `${JSON.stringify(said)}\n` : describeReport(report))
  return (options.strict ? isFlawless : isProven)(report) ? 0 : 1
}

/** The first Ctrl-C ends the load, and what was done is verified; the second ends everything. */
async function untilInterrupted(
  target: Target,
  options: ProveOptions,
  onProgress: (progress: Progress) => void,
): Promise<Report> {
  const { proveApart } = await import('@banyan/prove')
  const [stop, kill] = [new AbortController(), new AbortController()]
  const interrupt = () => (stop.signal.aborted ? kill : stop).abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, interrupt)
  const { seconds, rate, seed, connections, timeoutMs, webSockets } = options
  const { oneRequest, webSocketPath } = options
  try {
    return await proveApart({
      scenario: target.scenario,
      url: target.url,
      seconds,
      rate,
      timeoutMs,
      webSockets,
      ...(oneRequest !== null && { oneRequest }),
      ...(webSocketPath !== null && { webSocketPath }),
      ...(seed !== null && { seed }),
      ...(connections !== null && { connections }),
      signal: stop.signal,
      kill: kill.signal,
      onProgress,
    })
  } finally {
    for (const signal of signals) process.off(signal, interrupt)
  }
}
