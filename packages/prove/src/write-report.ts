import { type Figures, percentileMs, roundMs } from './engine/figures.ts'
import type { Load } from './engine/load.ts'
import type { Run } from './engine/turn.ts'
import type { Verification } from './engine/verify.ts'
import type { Judgement } from './judge.ts'
import type { CheckedOptions } from './options.ts'
import type { ActionReport, ClientReport, Report } from './report.ts'
import type { WebSocketVisitors } from './websocket/visitors.ts'

type Parts = {
  readonly run: Run
  readonly options: CheckedOptions
  readonly load: Load
  readonly cpu: NodeJS.CpuUsage
  readonly verification: Verification
  readonly judgement: Judgement
  readonly webSockets: WebSocketVisitors | null
}

/** A sender that starts one arrival in a hundred later than this has not kept its rate. */
const lagMsMax = 50

/** Puts a report together from what was counted, read again and judged. */
export function writeReport(parts: Parts): Report {
  const { run, options, load, judgement, verification } = parts
  const { figures } = load
  const loadMs = load.endMs - load.beginMs
  const pace = paceOf(parts, loadMs)
  const { foundGone, unconfirmed, ...judged } = judgement
  return {
    scenario: options.scenario.name,
    seed: options.seed,
    seconds: round(loadMs / 1000, 3),
    targetRate: options.rate,
    sent: figures.sent,
    ok: figures.ok,
    failed: figures.failures.report,
    p50Ms: percentileMs(figures.latency, 50),
    p99Ms: percentileMs(figures.latency, 99),
    p999Ms: percentileMs(figures.latency, 99.9),
    maxMs: figures.latency.count === 0 ? null : roundMs(figures.latency.max / 1e6),
    longestGapMs: roundMs(figures.longestGapMs),
    ...judged,
    unknownOutcome: figures.unknownOutcome,
    unverified: verification.unverified + unconfirmed.length,
    actions: actionsOf(parts, figures),
    clients: clientsOf(figures),
    webSockets: parts.webSockets?.report ?? null,
    ...pace,
    connections: run.connections.counts,
    interrupted: options.signal.aborted,
    notes: notesOf(parts, pace),
  }
}

type Pace = Pick<
  Report,
  'achievedRate' | 'notStarted' | 'sendLagP99Ms' | 'behind' | 'proverCpuPercent'
>

function paceOf({ load, cpu }: Parts, loadMs: number): Pace {
  const { figures } = load
  const notStarted = Math.max(0, load.due - figures.started)
  const sendLagP99Ms = percentileMs(figures.lag, 99)
  const missed = notStarted > 1 && notStarted > load.due * 0.01
  return {
    achievedRate: loadMs === 0 ? 0 : round((figures.started / loadMs) * 1000, 2),
    notStarted,
    sendLagP99Ms,
    behind: missed || (sendLagP99Ms ?? 0) > lagMsMax,
    proverCpuPercent: loadMs === 0 ? 0 : round(((cpu.user + cpu.system) / 1000 / loadMs) * 100, 1),
  }
}

function notesOf(
  { options, load, verification, judgement, webSockets }: Parts,
  pace: Pace,
): string[] {
  const notes: string[] = []
  if (options.signal.aborted) {
    notes.push('The load was interrupted; what was done until then is verified and reported.')
  }
  if (pace.behind) notes.push(sayBehind(options, load, pace))
  if (judgement.lost === null) {
    notes.push(
      'The scenario remembers nothing, so that lost, doubled and stale were not looked for: they are null.',
    )
  }
  if (judgement.acknowledgedWrites === 0) {
    notes.push(
      'No write was acknowledged, so that there was nothing to lose: the zeros prove nothing.',
    )
  }
  if (load.figures.sent > 0 && load.figures.ok === 0) {
    notes.push(
      'No request had a good answer: see the causes, and whether the address is the right one.',
    )
  }
  if (webSockets?.report.opened === 0) {
    notes.push(
      'No WebSocket was ever opened: see the causes, and whether the path is the right one.',
    )
  }
  return [...notes, ...verification.notes, ...sayGone(judgement)]
}

/** A removal that found nothing is no failure, but nobody should have to guess that there were some. */
function sayGone({ foundGone, unconfirmed }: Judgement): string[] {
  if (foundGone === 0) return []
  const [times, are] =
    foundGone === 1 ? ['1 removal', 'It counts'] : [`${foundGone} removals`, 'They count']
  const said = `${times} found nothing there, as one does that is tried again on its way. ${are} as done.`
  if (unconfirmed.length === 0) return [said]
  const open = `Of ${unconfirmed.length} it is not known whether something had been lost, because nothing had been read since it was written: read it right before its removal. ${unconfirmed[0]}`
  return [said, open]
}

function sayBehind({ rate }: CheckedOptions, load: Load, pace: Pace): string {
  const { achievedRate, notStarted, sendLagP99Ms, proverCpuPercent } = pace
  const what =
    notStarted > 0
      ? `The rate was not kept: ${achievedRate} of ${rate} actions in a second were started, and ${notStarted} never`
      : `The rate was kept on average only: one action in a hundred began more than ${sendLagP99Ms} ms late`
  const why =
    load.heldBack > 0
      ? 'the system answered so slowly that as many were under way as are allowed at once'
      : `this machine was too busy to send in time (the prover itself used ${proverCpuPercent}% of a core)`
  return `${what}, because ${why}. Latencies count from when each was due.`
}

function actionsOf({ options }: Parts, figures: Figures): ActionReport[] {
  return options.scenario.actions.map(({ name, kind }) => {
    const { started, failed, latency } = figures.action(name)
    const [p50Ms, p99Ms] = [percentileMs(latency, 50), percentileMs(latency, 99)]
    return { name, kind, started, failed, p50Ms, p99Ms }
  })
}

const clientsOf = ({ clients }: Figures): ClientReport[] =>
  (['keep-alive', 'one-request'] as const).map((kind) => {
    const { sent, ok, unknownOutcome, failures, latency } = clients[kind]
    const [p50Ms, p99Ms] = [percentileMs(latency, 50), percentileMs(latency, 99)]
    return { kind, sent, ok, failed: failures.report, unknownOutcome, p50Ms, p99Ms }
  })

const round = (value: number, digits: number): number =>
  Math.round(value * 10 ** digits) / 10 ** digits
