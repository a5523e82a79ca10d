import type { TelemetrySystem } from '@banyan/model'

/**
 * What the store is told: the file whose path is its one argument (`main.ts <file>`), of mode 0600, since it
 * holds two tokens. Control writes it before it starts the store. What changes while the store runs is in
 * `targetsFile`, which is read again when it has changed; for everything else the store is started again.
 *
 * On its IPC channel, where it has one, the store says `{"kind":"listening","port":…}` once it answers. A store
 * that cannot start prints one line of JSON, `{"kind":"failed","code","message","hint"}`, says the same on the
 * channel, and ends with 1. It goes on without its channel: control may die, and the next one finds it by its
 * pid and port.
 */
export type StoreFile = {
  readonly format: 1
  /** Where its databases lie; made, with mode 0700, when it is not there. */
  readonly directory: string
  readonly host: string
  /** Fixed by control, so that the addresses in runtime files hold when the store is started again. 0: a free one. */
  readonly port: number
  /** The bearer token of everything that the store answers, `/v1/…` and `/-/metrics` too. */
  readonly token: string
  /** Prometheus' file service discovery: `MetricsTarget[]`. Not there: nobody is to be read yet. */
  readonly targetsFile: string
  /** The bearer token with which the store asks the targets; `token` is taken for the store itself. */
  readonly metricsToken: string
  /** The folder of `<node>.log`. */
  readonly logs: string
  readonly controlLog: string
  readonly holderLog: string
  /** Further secrets that must be on no line: whatever has 8 characters or more is masked wherever it stands. */
  readonly secrets?: readonly string[]
  readonly telemetry: TelemetrySystem
  /** Bounds; what is absent is as the design says. For tests, and for small disks. */
  readonly limits?: Partial<StoreLimits>
}

/** How much is kept. */
export type StoreLimits = {
  /** Samples as they were read. */
  readonly fineMs: number
  /** Samples of every ten seconds. */
  readonly coarseMs: number
  readonly logBytes: number
  readonly logMs: number
  readonly traceBytes: number
  readonly traceMs: number
  readonly eventMs: number
  /** Sets of labels of one metric. */
  readonly seriesPerMetric: number
  /** Sets of labels of all metrics. */
  readonly series: number
  /** Longest line of a log that is kept whole; what is beyond is cut. */
  readonly lineBytes: number
  /** Largest body of OTLP. */
  readonly bodyBytes: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

export const defaultLimits: StoreLimits = {
  fineMs: hourMs,
  coarseMs: dayMs,
  logBytes: 1_000_000_000,
  logMs: 7 * dayMs,
  traceBytes: 200_000_000,
  traceMs: dayMs,
  eventMs: 100 * dayMs,
  seriesPerMetric: 2_000,
  series: 50_000,
  lineBytes: 65_536,
  bodyBytes: 8_388_608,
}
