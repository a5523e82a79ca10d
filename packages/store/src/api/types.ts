/**
 * What the store is asked, and what it answers: plain data. The store listens on a loopback port and wants its
 * bearer token; the console reaches it by way of control, at `/api/store/…`.
 *
 * | route | request | answer |
 * |---|---|---|
 * | `GET /health` | – | `StoreHealth` |
 * | `POST /query` | `MetricQuery` | `MetricAnswer` |
 * | `GET /live` | – | `Flow`: the newest second |
 * | `GET /logs` | `LogQuery` as a query string | `LogPage` |
 * | `GET /logs/follow` | `LogQuery` | server-sent events, `LogLine` each; `missed` with `{lines}` for a slow reader |
 * | `GET /traces` | `TraceQuery` | `TracePage` |
 * | `GET /traces/<id>` | – | `Trace` |
 * | `GET /business` | – | `BusinessAnswer` |
 * | `GET /marks` | `from`, `to` | `Mark[]` |
 * | `POST /v1/traces`, `/v1/logs`, `/v1/metrics` | OTLP, JSON or protobuf | OTLP's answer |
 * | `GET /-/metrics` | – | the store's own |
 *
 * In a query string a list is its name once for each of them (`nodes=web-1&nodes=web-2`), a boolean is `true` or
 * `false`, and what is absent or empty is not asked for.
 */

/** Milliseconds since 1970, of the machine's clock. */
export type Time = number

export type StoreHealth = {
  readonly pid: number
  readonly startedAt: string
  readonly bytes: number
  readonly lines: number
  readonly spans: number
  /** What is wrong now, a full disk above all; null: nothing. */
  readonly trouble: string | null
}

export type MetricQuery = {
  /** The Prometheus name; of a histogram its base name. */
  readonly metric: string
  /** Label by label, one value or several. */
  readonly where?: Readonly<Record<string, string | readonly string[]>>
  /** The labels that stay; all others are added up. Absent: none stays. */
  readonly by?: readonly string[]
  /**
   * `rate`: per second, of a counter or of a histogram's count, resets taken into account. `increase`: how many
   * in each step. `quantile`: of a histogram, with `q`, interpolated as Prometheus does. `mean`: of a histogram.
   * `sum`, `max`, `min`: of gauges.
   */
  readonly fn: 'rate' | 'increase' | 'quantile' | 'mean' | 'sum' | 'max' | 'min'
  readonly q?: number
  readonly from: Time
  readonly to: Time
  /** At least 1,000. */
  readonly stepMs: number
}

export type MetricAnswer = {
  readonly stepMs: number
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>
    /** One for each step from `from` on; null where nothing is known, or where there was nothing to divide by. */
    readonly values: readonly (number | null)[]
  }[]
}

/**
 * What moves through the system in the newest second that is known, for the diagram: rates of two seconds,
 * percentiles of ten. A node that is not here, or a load that is null, was not read for three seconds.
 */
export type Flow = {
  readonly at: Time
  readonly nodes: Readonly<Record<string, NodeLoad>>
  readonly edges: readonly FlowEdge[]
}

export type NodeLoad = {
  /** Of one CPU; 1.5 is one and a half. */
  readonly cpu: number | null
  readonly memoryBytes: number | null
  readonly requestsPerS: number | null
  readonly errorsPerS: number | null
  readonly p99Ms: number | null
}

export type FlowEdge = {
  /** `client`, or a node. */
  readonly from: string
  readonly to: string
  readonly kind: 'requests' | 'queries' | 'replication'
  /** Of `replication`: bytes of WAL a second. */
  readonly perS: number
  readonly errorsPerS: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export type LogQuery = {
  /** Words that all have to be there; "…" is a phrase, -word excludes, word* is a beginning. */
  readonly text?: string
  readonly nodes?: readonly string[]
  /** At least this level. */
  readonly level?: LogLevel
  readonly trace?: string
  readonly from?: Time
  readonly to?: Time
  /** 1 to 1,000. Default 200. */
  readonly limit?: number
  /** From an answer: the page before it. */
  readonly before?: string
}

export type LogLine = {
  readonly id: string
  readonly at: Time
  readonly node: string
  readonly level: LogLevel
  readonly message: string
  readonly trace: string | null
  /** Everything else that the line says. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Newest first. */
export type LogPage = { readonly lines: readonly LogLine[]; readonly before: string | null }

export type TraceQuery = {
  readonly from?: Time
  readonly to?: Time
  /** The route of its first span of a web process: `/api/articles/:slug`. */
  readonly route?: string
  readonly node?: string
  readonly errors?: boolean
  readonly minMs?: number
  readonly maxMs?: number
  readonly limit?: number
  /** `newest` (the default) or `slowest`. */
  readonly order?: 'newest' | 'slowest'
}

export type TraceSummary = {
  readonly trace: string
  readonly at: Time
  readonly durationMs: number
  readonly name: string
  readonly route: string | null
  readonly status: number | null
  readonly error: boolean
  readonly nodes: readonly string[]
  readonly spans: number
}

export type TracePage = { readonly traces: readonly TraceSummary[] }

export type Span = {
  readonly span: string
  readonly parent: string | null
  readonly node: string
  readonly name: string
  readonly kind: 'server' | 'client' | 'internal' | 'producer' | 'consumer'
  readonly at: Time
  readonly durationMs: number
  readonly error: string | null
  readonly attributes: Readonly<Record<string, unknown>>
}

export type Trace = {
  readonly trace: string
  readonly spans: readonly Span[]
  /** How many log lines carry its id. */
  readonly lines: number
}

export type BusinessAnswer = {
  readonly metrics: readonly {
    readonly name: string
    /** Null while too little is known: no day is over yet. */
    readonly value: number | null
    readonly unit: 'count' | 'ratio'
    /** A value for each day, oldest first. */
    readonly days: readonly { readonly day: string; readonly value: number | null }[]
  }[]
}

/** Something that happened to the system, to be marked on the axis of time. */
export type Mark = {
  readonly at: Time
  /** Absent: it had no length, or goes on. */
  readonly until?: Time
  readonly kind: 'climb' | 'release' | 'fault' | 'promotion' | 'node'
  readonly node: string | null
  readonly sentence: string
}
