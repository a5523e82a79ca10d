import type { FailureReport, Report } from '@banyan/prove'
import { paint } from '../paint.ts'
import { table } from '../table.ts'

/** A report for people: what was proven, how fast it was, and every anomaly in one sentence. */
export function describeReport(report: Report): string {
  const { scenario, seed, seconds, achievedRate, targetRate } = report
  const head = `${paint('bold', scenario)}: ${sayNumber(seconds)} s at ${sayNumber(achievedRate)} of ${sayNumber(targetRate)} actions a second, seed ${seed}`
  return `${[
    head,
    '',
    facts(report),
    requests(report),
    ...causes(report),
    ...clients(report),
    latencies(report),
    ...webSockets(report),
    machine(report),
    '',
    actions(report).trimEnd(),
    ...found(report),
    ...report.notes.map((note) => `${paint('yellow', 'note')}  ${note}`),
  ].join('\n')}\n`
}

function facts(report: Report): string {
  const { acknowledgedWrites, unknownOutcome, phantom, otherAnomalies, unverified } = report
  if (report.lost === null) return line('facts', 'lost, doubled and stale were not looked for')
  const parts = [
    `${sayCount(acknowledgedWrites)} acknowledged writes`,
    count('lost', report.lost),
    count('doubled', report.doubled),
    count('stale reads', report.staleReads),
    ...(phantom ? [count('phantom', phantom)] : []),
    ...(otherAnomalies ? [count('other anomalies', otherAnomalies)] : []),
    `unknown outcome ${sayCount(unknownOutcome)}`,
    ...(unverified > 0 ? [count('not verified', unverified)] : []),
  ]
  return line('facts', parts.join('  '))
}

const count = (name: string, value: number | null): string => {
  const text = `${name} ${sayCount(value)}`
  return value === null ? paint('dim', text) : paint(value > 0 ? 'red' : 'green', text)
}

const requests = ({ sent, ok, failed, longestGapMs }: Report): string =>
  line(
    'requests',
    `${sayCount(sent)} sent, ${sayCount(ok)} ok, ${sayFailed(failed)}, longest gap ${sayMs(longestGapMs)}`,
  )

const latencies = ({ p50Ms, p99Ms, p999Ms, maxMs }: Report): string =>
  line(
    'latency',
    `p50 ${sayMs(p50Ms)}  p99 ${sayMs(p99Ms)}  p99.9 ${sayMs(p999Ms)}  max ${sayMs(maxMs)}, from when each was due`,
  )

/** By kind of client, where there are several. */
function clients({ clients }: Report): string[] {
  const used = clients.filter(({ sent }) => sent > 0)
  if (used.length < 2) return []
  return used.map(({ kind, sent, failed, unknownOutcome, p50Ms, p99Ms }) => {
    const open = unknownOutcome > 0 ? `, ${sayCount(unknownOutcome)} unknown` : ''
    return line(
      '',
      `${kind}: ${sayCount(sent)} sent, ${sayFailed(failed)}${open}, p50 ${sayMs(p50Ms)}  p99 ${sayMs(p99Ms)}`,
    )
  })
}

function webSockets({ webSockets }: Report): string[] {
  if (webSockets === null) return []
  const { clients, opened, closedWell, failed, messages, pings, p99PingMs } = webSockets
  return [
    line(
      'websocket',
      `visitors ${sayCount(clients)}, opened ${sayCount(opened)} times, ${sayCount(closedWell)} closed well, ${sayFailed(failed)}; ${sayCount(messages)} messages, ${sayCount(pings)} pings, p99 ${sayMs(p99PingMs)}`,
    ),
    ...sayCauses(failed),
  ]
}

const sayFailed = ({ total }: FailureReport): string =>
  paint(total > 0 ? 'yellow' : 'green', `${sayCount(total)} failed`)

function machine({ proverCpuPercent, sendLagP99Ms, connections }: Report): string {
  const { keepAlive, keepAliveOpened, oneRequest } = connections
  return line(
    'prover',
    `${sayNumber(proverCpuPercent)}% of a core, sent p99 ${sayMs(sendLagP99Ms)} late; ${keepAlive} kept connections, opened ${sayCount(keepAliveOpened)} times, and ${sayCount(oneRequest)} of one request`,
  )
}

const causes = ({ failed }: Report): string[] => sayCauses(failed)

const sayCauses = ({ byCause }: FailureReport): string[] =>
  Object.entries(byCause)
    .slice(0, 10)
    .map(([cause, times]) => line('', paint('yellow', `${sayCount(times)} × ${cause}`)))

function actions({ actions }: Report): string {
  const rows = actions.map(({ name, started, failed, p50Ms, p99Ms }) => [
    name,
    sayCount(started),
    sayCount(failed),
    sayMs(p50Ms),
    sayMs(p99Ms),
  ])
  return table(['action', 'started', 'failed', 'p50', 'p99'], rows)
}

function found({ anomalies, anomalyCounts }: Report): string[] {
  if (anomalies.length === 0) return ['']
  const total = Object.values(anomalyCounts).reduce((sum, times) => sum + times, 0)
  const lines = anomalies.map(({ kind, sentence }) => `${paint('red', kind)}  ${sentence}`)
  const rest = total - anomalies.length
  return ['', ...lines, ...(rest > 0 ? [`… and ${sayCount(rest)} more`] : []), '']
}

const line = (name: string, text: string): string => `${paint('dim', name.padEnd(9))} ${text}`

export const sayMs = (milliseconds: number | null): string => {
  if (milliseconds === null) return '–'
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`
  return `${milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms`
}

const sayCount = (value: number | null): string =>
  value === null ? 'not looked for' : value.toLocaleString('en')

const sayNumber = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: 1 })
