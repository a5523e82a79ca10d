import type { AnomalyKind } from './checkers/anomaly.ts'
import type { ConnectionCounts } from './http/connections.ts'

/** One thing that the system answered and that no correct system could have. */
export type ReportedAnomaly = {
  readonly kind: AnomalyKind
  readonly key: string
  readonly sentence: string
}

export type ActionReport = {
  readonly name: string
  readonly kind: 'read' | 'write'
  readonly started: number
  readonly failed: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

/** How often something failed, by cause; the most frequent first. */
export type FailureReport = {
  readonly total: number
  readonly byCause: Readonly<Record<string, number>>
}

/** One kind of clients: they keep their connection, or open one for each request. */
export type ClientReport = {
  readonly kind: 'keep-alive' | 'one-request'
  /** Requests. Latencies of `one-request` contain the opening of the connection. */
  readonly sent: number
  readonly ok: number
  readonly failed: FailureReport
  readonly unknownOutcome: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

/** What became of the visitors that kept a WebSocket open during the load. */
export type WebSocketReport = {
  readonly clients: number
  readonly opened: number
  /** Ends with 1000, 1001 or 1012, as a server says goodbye: the visitor came again at once. */
  readonly closedWell: number
  /** Any other end, a connection that was refused, and a ping without its pong. */
  readonly failed: FailureReport
  readonly messages: number
  readonly pings: number
  readonly p99PingMs: number | null
}

/** What a proof found. Latencies are of good answers, from the moment at which the visitor came. */
export type Report = {
  readonly scenario: string
  readonly seed: number
  /** How long the load ran; less than asked for when it was interrupted. */
  readonly seconds: number
  readonly targetRate: number
  /** Requests; each ended as ok, failed or with an unknown outcome. */
  readonly sent: number
  readonly ok: number
  readonly failed: FailureReport
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly p999Ms: number | null
  readonly maxMs: number | null
  /** The longest time without a good answer. */
  readonly longestGapMs: number
  /** Null, as the next three, when the scenario remembers nothing. */
  readonly acknowledgedWrites: number | null
  readonly lost: number | null
  readonly doubled: number | null
  readonly staleReads: number | null
  readonly unknownOutcome: number
  /** Shown although it was refused or never written. */
  readonly phantom: number | null
  /** Anomalies of any other kind, such as torn transfers and cycles of transactions. */
  readonly otherAnomalies: number | null
  /** How often each kind was found. */
  readonly anomalyCounts: Readonly<Partial<Record<AnomalyKind, number>>>
  /** The first of them. */
  readonly anomalies: readonly ReportedAnomaly[]
  /**
   * Of what nothing is proven: facts that could not be read after the load, and acknowledged writes that
   * nobody read before their removal found nothing.
   */
  readonly unverified: number
  readonly operations: number
  readonly actions: readonly ActionReport[]
  /** Actions that were started in a second, on average. */
  readonly achievedRate: number
  /** Arrivals that were due and never started. */
  readonly notStarted: number
  readonly sendLagP99Ms: number | null
  /** Whether the prover could not keep up with the rate. */
  readonly behind: boolean
  readonly proverCpuPercent: number
  readonly connections: ConnectionCounts
  /** The same requests by kind of client; what an action threw by itself is no client's failure. */
  readonly clients: readonly ClientReport[]
  /** Null when none were asked for. */
  readonly webSockets: WebSocketReport | null
  readonly interrupted: boolean
  /** What a reader must know besides the figures, one sentence each. */
  readonly notes: readonly string[]
}

/**
 * Whether a report proves what was promised: nothing lost, doubled, stale or made up, all of it read
 * again, and at least one good answer, since a load that nobody answers proves nothing.
 */
export const isProven = ({
  ok,
  lost,
  doubled,
  staleReads,
  phantom,
  otherAnomalies,
  unverified,
}: Report): boolean =>
  ok > 0 && !lost && !doubled && !staleReads && !phantom && !otherAnomalies && unverified === 0

/** Whether it proves that, and besides nothing failed: no request, no WebSocket, no write left open. */
export const isFlawless = (report: Report): boolean =>
  isProven(report) &&
  report.failed.total === 0 &&
  report.unknownOutcome === 0 &&
  (report.webSockets?.failed.total ?? 0) === 0

/** How a proof is getting on, once in a second. */
export type Progress = {
  readonly phase: 'setting up' | 'load' | 'finishing' | 'verifying' | 'judging'
  /** Seconds of load so far. */
  readonly second: number
  /** Actions started in the last second. */
  readonly rate: number
  readonly sent: number
  readonly ok: number
  readonly failed: number
  /** Of the last second. */
  readonly p99Ms: number | null
  readonly longestGapMs: number
}
