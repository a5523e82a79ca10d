import { at, display, type Json } from './lib/figures.ts'

/** A bench: the file that measures and prints JSON, and the rows that it gives the README's table. */
export type Bench = {
  readonly name: string
  readonly rows: readonly Row[]
}

/** One line of the README: what was measured, where it stands in the result, and what we aim at. */
export type Row = {
  readonly what: string
  /** Path of the figure in the bench's JSON. */
  readonly figure: string
  readonly unit: string
  readonly aim?: string
}

/** In the order in which `npm run bench` runs them. */
export const benches: readonly Bench[] = [
  {
    name: 'point-query',
    rows: [
      {
        what: 'Routed point query, `data.of(key).read` against raw `pg`: CPU per query',
        figure: 'ratio.cpuMicrosPerQuery',
        unit: '×',
        aim: '≤ 1.03×',
      },
    ],
  },
  {
    name: 'strong-reads',
    rows: [
      {
        what: '`strong` reads, which replicas answer, against reading the primary, 64 at a time: CPU of the app per read',
        figure: 'quiet.at64.ratio.app',
        unit: '×',
        aim: '≤ 1.05×',
      },
      {
        what: 'The same, 16 at a time: added to the median',
        figure: 'quiet.at16.addedP50Ms',
        unit: ' ms',
        aim: '≤ 3 ms',
      },
      {
        what: 'The same, 16 at a time: CPU of the app per read',
        figure: 'quiet.at16.ratio.app',
        unit: '×',
        aim: '≤ 1.05×',
      },
      {
        what: 'The part of the reads that replicas answer, 64 at a time with a few writes',
        figure: 'writing.at64.strong.onReplicas',
        unit: '',
        aim: '≥ 0.9',
      },
      {
        what: 'The same, 64 at a time: CPU of the servers per read',
        figure: 'quiet.at64.ratio.servers',
        unit: '×',
      },
    ],
  },
  {
    name: 'conduit-mix',
    rows: [
      {
        what: "Conduit's mix, against the same handlers on bare Fastify + pg: requests per second",
        figure: 'ratio.requestsPerSecond',
        unit: '×',
        aim: '≥ 0.95×',
      },
      {
        what: "Conduit's mix on Banyan: requests per second",
        figure: 'banyan.requestsPerSecond',
        unit: '',
      },
    ],
  },
  {
    name: 'telemetry',
    rows: [
      {
        what: "Conduit's mix with metrics, traces and trace ids in the log, against without: CPU of the web process per request",
        figure: 'all.ratio',
        unit: '×',
        aim: '≤ 1.05×',
      },
      {
        what: 'The same with the metrics alone, read once a second',
        figure: 'metrics.ratio',
        unit: '×',
      },
      {
        what: 'The same metrics by prom-client',
        figure: 'promClient.ratio',
        unit: '×',
      },
      {
        what: "The same metrics by OpenTelemetry's SDK",
        figure: 'opentelemetry.ratio',
        unit: '×',
      },
    ],
  },
  {
    name: 'memory-single',
    rows: [
      {
        what: 'An idle `single` with Conduit, PostgreSQL included: memory, shared pages once',
        figure: 'aloneMb',
        unit: ' MB',
        aim: '≤ 300 MB',
      },
    ],
  },
  {
    name: 'start',
    rows: [
      {
        what: '`npm start`, packages installed, until the first answer',
        figure: 'firstAnswerMs.fresh',
        unit: ' ms',
        aim: '≤ 3000 ms',
      },
    ],
  },
  {
    name: 'idle-cost',
    rows: [
      {
        what: "An idle PostgreSQL with the whole ladder's settings: memory (PSS)",
        figure: 'results.banyan.pssMb',
        unit: ' MB',
      },
      {
        what: "The same with initdb's defaults",
        figure: 'results.initdbDefaults.pssMb',
        unit: ' MB',
      },
    ],
  },
  {
    name: 'prove-error',
    rows: [
      {
        what: 'The prover at 300/s, against an idle server that answers in exactly 5 ms: error of p50',
        figure: 'at300.errorMs.p50',
        unit: ' ms',
      },
      {
        what: 'The same: error of p99',
        figure: 'at300.errorMs.p99',
        unit: ' ms',
      },
      {
        what: 'The same: CPU of the prover, of one core',
        figure: 'at300.cpuPercent',
        unit: '%',
        aim: '≤ 30%',
      },
    ],
  },
  {
    name: 'copy-unique',
    rows: [
      {
        what: 'COPY of 100,000 rows with a `unique` lookup, against a plain unique index: time',
        figure: 'ratio.ms',
        unit: '×',
      },
    ],
  },
  {
    name: 'serve-overhead',
    rows: [
      {
        what: '`serve(app)` against the framework by itself: CPU per request',
        figure: 'ratio.cpuMicrosPerRequest',
        unit: '×',
      },
    ],
  },
  {
    name: 'gateway',
    rows: [
      {
        what: 'The gateway, against http-proxy-3 before the same servers: requests per CPU second',
        figure: 'ratio.requestsPerCpuSecond.httpProxy3',
        unit: '×',
        aim: '≥ 2×',
      },
      {
        what: 'The gateway, against @fastify/http-proxy: requests per CPU second',
        figure: 'ratio.requestsPerCpuSecond.fastify',
        unit: '×',
        aim: '≥ 2×',
      },
      {
        what: 'The gateway: p99 of http-proxy-3 over its own, closed loop',
        figure: 'ratio.p99.httpProxy3',
        unit: '×',
      },
    ],
  },
  {
    name: 'balanced',
    rows: [
      {
        what: "Conduit's mix on `balanced` against `single`: CPU per request, all processes",
        figure: 'ratio.cpuPerRequest',
        unit: '×',
      },
      {
        what: 'The same: CPU of the gateway per request',
        figure: 'balanced.cpuMicrosPerRequest.entry',
        unit: 'µs',
      },
    ],
  },
  {
    name: 'backfill',
    rows: [
      {
        what: "An app's statements while a migration fills a column of a million rows, against the same without: p99",
        figure: 'ratio.filling',
        unit: '×',
        aim: '≤ 2×',
      },
      {
        what: 'The same while it builds an index',
        figure: 'ratio.indexing',
        unit: '×',
        aim: '≤ 2×',
      },
    ],
  },
  {
    name: 'migration',
    rows: [
      {
        what: 'A million rows migrated in two releases at 300/s on `balanced`: p99 against the same load without',
        figure: 'ratio.p99',
        unit: '×',
        aim: '≤ 2×',
      },
      {
        what: 'The same: requests that failed',
        figure: 'migrating.failed',
        unit: '',
        aim: '0',
      },
    ],
  },
  {
    name: 'store',
    rows: [
      {
        what: 'A search over a million lines of logs in the store: p95 of words, phrases, filters and spans of time',
        figure: 'searching.p95Ms.all',
        unit: ' ms',
        aim: '≤ 1,000 ms',
      },
      {
        what: 'The store, reading 6 targets of 300 series once a second: of one CPU',
        figure: 'scraping.cpuPercent',
        unit: ' %',
        aim: '≤ 5 %',
      },
    ],
  },
  {
    name: 'patroni',
    rows: [
      {
        what: 'Nobody can write after the primary was killed, against Patroni at its defaults with the host of its leader switched off: median',
        figure: 'ratio.hostKilled',
        unit: '×',
        aim: '≤ 0.1×',
      },
      {
        what: 'The same, against Patroni with only the PostgreSQL of its leader killed',
        figure: 'ratio.serverKilled',
        unit: '×',
      },
      {
        what: 'The same: our median',
        figure: 'banyan.medianMs',
        unit: ' ms',
        aim: '≤ 600 ms',
      },
    ],
  },
]

/** The rows of a bench's result as cells: what, figure, aim. A figure that is not there is no row. */
export function cellsOf(bench: Bench, result: Json): string[][] {
  return bench.rows.flatMap(({ what, figure, unit, aim }) => {
    const value = at(result, figure)
    return typeof value === 'number' ? [[what, `${display(value)}${unit}`, aim ?? '']] : []
  })
}
