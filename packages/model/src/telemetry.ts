/** What a system says of its telemetry in the config, resolved, and what its processes are told of it. */

/**
 * A business metric as a user writes it: computed from events that the app records, never from labels.
 *
 * - `count: 'subjects'`: how many different subjects an event had in the last `days` days (active users).
 * - `count: 'events'`: how many there were in the last `days` days.
 * - `retention: n`: of the subjects whose event `since` was on a day, the part (0 to 1) that had `event`
 *   n days later. The newest day that is over counts.
 */
export type BusinessMetricInput =
  | { event: string; count: 'subjects' | 'events'; days: number }
  | { event: string; since: string; retention: number }

/** The telemetry of a system as a user writes it. */
export type TelemetryInput = {
  /** False: nothing is measured, and no process offers `/-/metrics`. Default true. */
  enabled?: boolean
  traces?: {
    /** The part of all traces that is kept, 0 to 1. Errors and slow ones are kept whatever it says. Default 0.01. */
    share?: number
    /** A trace that took longer is kept, in milliseconds. Default 500. */
    slowMs?: number
  }
  /** Where everything is sent as well, by OTLP over HTTP: the base URL, without `/v1/traces`. */
  export?: { url: string; headers?: Record<string, string> }
  /** On the rung `observed`: where alerts are sent. Without it they are kept, and shown. */
  alerts?: {
    /** A URL that takes Alertmanager's webhooks, without a user or a query: it is no secret. */
    webhook?: string
    /** What is sent along, as `authorization: Bearer`. A secret. */
    token?: string
  }
  /** By name. */
  business?: Record<string, BusinessMetricInput>
}

export type BusinessMetric = { readonly name: string } & (
  | {
      readonly kind: 'count'
      readonly event: string
      readonly of: 'subjects' | 'events'
      readonly days: number
    }
  | {
      readonly kind: 'retention'
      readonly event: string
      readonly since: string
      readonly days: number
    }
)

/** The telemetry of a system, resolved. */
export type TelemetrySystem = {
  readonly enabled: boolean
  readonly traces: { readonly share: number; readonly slowMs: number }
  /** A secret: its headers may hold a token. */
  readonly export: {
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
  } | null
  /** Its token is a secret. Absent: nowhere. */
  readonly alerts?: { readonly webhook: string | null; readonly token: string | null }
  readonly business: readonly BusinessMetric[]
}

export const defaultTelemetry: TelemetrySystem = {
  enabled: true,
  traces: { share: 0.01, slowMs: 500 },
  export: null,
  business: [],
}

/** Where spans are sent by OTLP over HTTP (`<url>/v1/traces`), with this bearer token. */
export type SpanReceiver = { readonly url: string; readonly token: string }

/** What a process is told of it, in its runtime file or its gateway file. Absent there: no telemetry. */
export type ProcessTelemetry = {
  /** Null: spans are sent nowhere. */
  readonly otlp: SpanReceiver | null
  readonly traces: { readonly share: number; readonly slowMs: number }
  /** What `/-/metrics` asks for on the private address. */
  readonly metricsToken: string
}

/** One entry of `targets.json`, in Prometheus' file service discovery: where metrics are to be read. */
export type MetricsTarget = {
  /** `host:port`. */
  readonly targets: readonly [string]
  /** `node`, `tier`, `engine` at least. */
  readonly labels: Readonly<Record<string, string>>
}
