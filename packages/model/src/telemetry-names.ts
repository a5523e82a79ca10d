/*
 * Every metric that a system of Banyan emits, by its Prometheus name. One list for whoever emits, stores,
 * draws or alerts: a rule or a dashboard that names another one is refused by a test.
 *
 * Names and units are those of OpenTelemetry's semantic conventions where they have one (`otel` says which),
 * with Prometheus' suffixes for units and totals; ours stand under `banyan_`.
 */

export type MetricKind = 'counter' | 'gauge' | 'histogram'

export type Metric = {
  /** The name in Prometheus' format; a histogram has `_bucket`, `_sum` and `_count` behind it. */
  readonly name: string
  /** The name in OpenTelemetry's; `banyan.*` where the conventions have none. */
  readonly otel: string
  readonly kind: MetricKind
  /** What it measures, as a whole sentence; the `# HELP` line. */
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[]
}

/** The bounds that the conventions give for durations of requests, in seconds. */
export const requestBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const

/** The bounds that the conventions give for operations of databases, in seconds. */
export const operationBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] as const

/** Of every `serve` process, at `/-/metrics` on its private address. */
export const serveMetrics = [
  {
    name: 'http_server_request_duration_seconds',
    otel: 'http.server.request.duration',
    kind: 'histogram',
    help: 'How long requests took, from their head to the end of their answer.',
    labels: ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
    buckets: requestBuckets,
  },
  {
    name: 'http_server_active_requests',
    otel: 'http.server.active_requests',
    kind: 'gauge',
    help: 'Requests under way.',
    labels: [],
  },
  {
    name: 'db_client_operation_duration_seconds',
    otel: 'db.client.operation.duration',
    kind: 'histogram',
    help: 'How long statements and transactions took, as the process that sent them saw it.',
    labels: ['db_system_name', 'db_operation_name', 'server_address', 'error_type'],
    buckets: operationBuckets,
  },
  {
    name: 'db_client_connection_count',
    otel: 'db.client.connection.count',
    kind: 'gauge',
    help: 'Connections of the pools of this process, by state: idle or used.',
    labels: ['db_client_connection_pool_name', 'db_client_connection_state'],
  },
  {
    name: 'db_client_connection_max',
    otel: 'db.client.connection.max',
    kind: 'gauge',
    help: 'The most connections that a pool may open.',
    labels: ['db_client_connection_pool_name'],
  },
  {
    name: 'db_client_connection_pending_requests',
    otel: 'db.client.connection.pending_requests',
    kind: 'gauge',
    help: 'Statements that wait for a connection.',
    labels: ['db_client_connection_pool_name'],
  },
  {
    name: 'db_client_connection_wait_time_seconds',
    otel: 'db.client.connection.wait_time',
    kind: 'histogram',
    help: 'How long statements waited for a connection.',
    labels: ['db_client_connection_pool_name'],
    buckets: operationBuckets,
  },
  {
    name: 'banyan_reads_total',
    otel: 'banyan.reads',
    kind: 'counter',
    help: 'Reads, by what was asked for and by who answered.',
    labels: ['banyan_consistency', 'banyan_answered_by'],
  },
] as const satisfies readonly Metric[]

/** Of every Node process of a system. */
export const processMetrics = [
  {
    name: 'process_cpu_time_seconds_total',
    otel: 'process.cpu.time',
    kind: 'counter',
    help: 'CPU time, by mode: user or system.',
    labels: ['cpu_mode'],
  },
  {
    name: 'process_memory_usage_bytes',
    otel: 'process.memory.usage',
    kind: 'gauge',
    help: 'Resident memory.',
    labels: [],
  },
  {
    name: 'process_uptime_seconds',
    otel: 'process.uptime',
    kind: 'gauge',
    help: 'Time since the process began.',
    labels: [],
  },
  {
    name: 'nodejs_eventloop_utilization_ratio',
    otel: 'nodejs.eventloop.utilization',
    kind: 'gauge',
    help: 'The part of the time in which the event loop was busy, since the last look.',
    labels: [],
  },
  {
    name: 'nodejs_eventloop_delay_p99_seconds',
    otel: 'nodejs.eventloop.delay.p99',
    kind: 'gauge',
    help: 'The delay of the event loop, 99th percentile since the last look.',
    labels: [],
  },
  {
    name: 'v8js_memory_heap_used_bytes',
    otel: 'v8js.memory.heap.used',
    kind: 'gauge',
    help: 'Memory that the heap of JavaScript uses.',
    labels: [],
  },
  {
    name: 'banyan_telemetry_dropped_total',
    otel: 'banyan.telemetry.dropped',
    kind: 'counter',
    help: 'Telemetry that was given up rather than have the app wait, by signal: spans, series or lines.',
    labels: ['signal'],
  },
] as const satisfies readonly Metric[]

/** Of the gateway, besides its process; one of HAProxy has them from its statistics, by way of control. */
export const entryMetrics = [
  {
    name: 'banyan_entry_requests_total',
    otel: 'banyan.entry.requests',
    kind: 'counter',
    help: 'Requests that the entry answered, by service and by the class of the answer: 1xx to 5xx, aborted on its way to the client, left by the client, or a probe of the entry itself. Those of 5xx and aborted have failed.',
    // `node` where control says it of a HAProxy; a gateway's own samples get it from its target.
    labels: ['node', 'banyan_service', 'banyan_answer'],
  },
  {
    name: 'banyan_entry_connections',
    otel: 'banyan.entry.connections',
    kind: 'gauge',
    help: 'Connections of clients that are open.',
    labels: ['node'],
  },
  {
    name: 'http_client_request_duration_seconds',
    otel: 'http.client.request.duration',
    kind: 'histogram',
    help: 'How long the entry waited for the nodes behind it, by node.',
    labels: ['server_address', 'banyan_service', 'http_response_status_code', 'error_type'],
    buckets: requestBuckets,
  },
] as const satisfies readonly Metric[]

/** Of control, about nodes, climbs, the host, and what it asks of PostgreSQL and HAProxy. */
export const controlMetrics = [
  {
    name: 'banyan_node_up',
    otel: 'banyan.node.up',
    kind: 'gauge',
    help: '1 for a node that is healthy, else 0.',
    labels: ['node', 'tier', 'engine', 'role', 'host', 'health'],
  },
  {
    name: 'banyan_node_cpu_seconds_total',
    otel: 'banyan.node.cpu.time',
    kind: 'counter',
    help: 'CPU time of all processes of a node.',
    labels: ['node'],
  },
  {
    name: 'banyan_node_memory_bytes',
    otel: 'banyan.node.memory',
    kind: 'gauge',
    help: 'Memory of all processes of a node: resident, of PostgreSQL proportional.',
    labels: ['node'],
  },
  {
    name: 'banyan_replication_lag_bytes',
    otel: 'banyan.replication.lag',
    kind: 'gauge',
    help: 'WAL that a replica has not replayed of what its primary has written.',
    labels: ['node', 'shard'],
  },
  {
    name: 'banyan_slot_wal_bytes',
    otel: 'banyan.slot.wal',
    kind: 'gauge',
    help: 'WAL that a replication slot keeps on its server.',
    labels: ['node', 'slot'],
  },
  {
    name: 'banyan_climb_running',
    otel: 'banyan.climb.running',
    kind: 'gauge',
    help: '1 while a climb goes on, else 0.',
    labels: [],
  },
  {
    name: 'banyan_climb_step_seconds',
    otel: 'banyan.climb.step.time',
    kind: 'gauge',
    help: 'How long the step of the climb that goes on has taken so far; 0 without one.',
    labels: [],
  },
  {
    name: 'banyan_climbs_total',
    otel: 'banyan.climbs',
    kind: 'counter',
    help: 'Climbs that have ended, by direction and outcome.',
    labels: ['direction', 'outcome'],
  },
  {
    name: 'banyan_write_pause_seconds',
    otel: 'banyan.write.pause',
    kind: 'gauge',
    help: 'The longest pause of writes of the last climb.',
    labels: [],
  },
  {
    name: 'banyan_promotions_total',
    otel: 'banyan.promotions',
    kind: 'counter',
    help: 'Times that another member took the writes, by reason.',
    labels: ['shard', 'reason'],
  },
  {
    name: 'banyan_promotion_seconds',
    otel: 'banyan.promotion.time',
    kind: 'gauge',
    help: 'Of the last promotion: from the moment that it was noticed until fenced, promoted and writing.',
    labels: ['shard', 'phase'],
  },
  {
    name: 'system_cpu_time_seconds_total',
    otel: 'system.cpu.time',
    kind: 'counter',
    help: 'CPU time of the machine, by mode.',
    labels: ['cpu_mode'],
  },
  {
    name: 'system_memory_usage_bytes',
    otel: 'system.memory.usage',
    kind: 'gauge',
    help: 'Memory of the machine, by state: used or free.',
    labels: ['system_memory_state'],
  },
  {
    name: 'system_filesystem_usage_bytes',
    otel: 'system.filesystem.usage',
    kind: 'gauge',
    help: 'Room on the file system of the state directory, by state: used or free.',
    labels: ['system_filesystem_state'],
  },
  {
    name: 'postgresql_backends',
    otel: 'postgresql.backends',
    kind: 'gauge',
    help: 'Connections to a database server, by state.',
    labels: ['node', 'state'],
  },
  {
    name: 'postgresql_connection_max',
    otel: 'postgresql.connection.max',
    kind: 'gauge',
    help: 'Connections that a database server lets in.',
    labels: ['node'],
  },
  {
    name: 'postgresql_commits_total',
    otel: 'postgresql.commits',
    kind: 'counter',
    help: 'Transactions that a database server committed.',
    labels: ['node'],
  },
  {
    name: 'postgresql_rollbacks_total',
    otel: 'postgresql.rollbacks',
    kind: 'counter',
    help: 'Transactions that a database server rolled back.',
    labels: ['node'],
  },
  {
    name: 'postgresql_deadlocks_total',
    otel: 'postgresql.deadlocks',
    kind: 'counter',
    help: 'Deadlocks that a database server broke.',
    labels: ['node'],
  },
  {
    name: 'postgresql_blocks_read_total',
    otel: 'postgresql.blocks_read',
    kind: 'counter',
    help: 'Blocks that a database server read, by source: its cache, or the system.',
    labels: ['node', 'source'],
  },
  {
    name: 'postgresql_db_size_bytes',
    otel: 'postgresql.db_size',
    kind: 'gauge',
    help: "The size of the system's database on a server.",
    labels: ['node'],
  },
  {
    name: 'postgresql_wal_written_bytes_total',
    otel: 'postgresql.wal.written',
    kind: 'counter',
    help: 'The position up to which a primary has written WAL, in bytes.',
    labels: ['node'],
  },
  {
    name: 'banyan_balancer_server_requests_total',
    otel: 'banyan.balancer.server.requests',
    kind: 'counter',
    help: 'Requests that HAProxy sent to a node, by the class of the answer.',
    labels: ['node', 'server', 'banyan_answer'],
  },
] as const satisfies readonly Metric[]

/** Of the store behind the console. */
export const storeMetrics = [
  {
    name: 'banyan_store_bytes',
    otel: 'banyan.store.size',
    kind: 'gauge',
    help: 'Room that the store takes on its disk.',
    labels: [],
  },
  {
    name: 'banyan_store_rows_total',
    otel: 'banyan.store.rows',
    kind: 'counter',
    help: 'What the store has taken in, by signal: samples, lines, spans or events.',
    labels: ['signal'],
  },
  {
    name: 'banyan_store_dropped_total',
    otel: 'banyan.store.dropped',
    kind: 'counter',
    help: 'What the store could not keep, by signal.',
    labels: ['signal'],
  },
  {
    name: 'banyan_business_value',
    otel: 'banyan.business',
    kind: 'gauge',
    help: 'A business metric of the app, by its name in the config.',
    labels: ['metric'],
  },
] as const satisfies readonly Metric[]

/** The lists above, with their names and labels as types. */
export const metricLists = [
  serveMetrics,
  processMetrics,
  entryMetrics,
  controlMetrics,
  storeMetrics,
] as const

/** Every metric there is. */
export const metrics: readonly Metric[] = metricLists.flat()

/**
 * The metric that a name in a query stands for, a histogram's parts too; undefined where there is none.
 *
 * @example
 * findMetric('http_server_request_duration_seconds_bucket')?.kind // 'histogram'
 */
export const findMetric = (name: string): Metric | undefined =>
  metrics.find(
    (metric) =>
      metric.name === name ||
      (metric.kind === 'histogram' && name.replace(/_(bucket|sum|count)$/, '') === metric.name),
  )
