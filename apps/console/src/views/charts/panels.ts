import type { MetricAnswer, MetricQuery } from '@banyan/store/api'
import { firstKnown, lineEach, sumWhere, zeroWhereKnown } from './pick.ts'
import type { Line } from './series.ts'
import type { Unit } from './units.ts'

/** What is asked for a chart, but for its window. */
export type Ask = Omit<MetricQuery, 'from' | 'to' | 'stepMs'>

export type Panel = {
  readonly id: string
  readonly title: string
  /** What it shows and of whom, in one sentence. */
  readonly says: string
  readonly unit: Unit
  readonly asks: readonly Ask[]
  /** Its lines, of an answer for each ask, in their order. */
  readonly lines: (answers: readonly (MetricAnswer | undefined)[]) => readonly Line[]
  /** A point of it leads to the traces of that moment. */
  readonly leadsToTraces?: true
}

const requests = 'http_server_request_duration_seconds'
const waits = 'http_client_request_duration_seconds'
const operations = 'db_client_operation_duration_seconds'

const entryAnswers: Ask = {
  metric: 'banyan_entry_requests_total',
  fn: 'rate',
  by: ['banyan_answer'],
}
const webAnswers: Ask = {
  metric: requests,
  fn: 'rate',
  by: ['http_response_status_code'],
  where: { tier: 'web' },
}

type Answers = readonly (MetricAnswer | undefined)[]

const allRequests = ([entry, web]: Answers) =>
  firstKnown(
    sumWhere(entry, () => true),
    sumWhere(web, () => true),
  )

const requestsPanel: Panel = {
  id: 'requests',
  title: 'Requests',
  says: 'Requests answered a second, counted at the entry; without one, at the web processes.',
  unit: 'rate',
  asks: [entryAnswers, webAnswers],
  lines: (answers) => [{ key: 'all', label: 'requests', values: allRequests(answers) }],
}

const errorsPanel: Panel = {
  id: 'errors',
  title: 'Errors',
  says: 'Answers of the class 5xx, and answers that were cut off, a second.',
  unit: 'rate',
  asks: [entryAnswers, webAnswers],
  lines: (answers) => {
    const [entry, web] = answers
    const all = allRequests(answers)
    const failed = firstKnown(
      zeroWhereKnown(
        sumWhere(entry, ({ banyan_answer }) => banyan_answer === '5xx'),
        sumWhere(entry, () => true),
      ),
      sumWhere(web, ({ http_response_status_code: code }) => /^5/.test(code ?? '')),
    )
    const cut = sumWhere(entry, ({ banyan_answer }) => banyan_answer === 'aborted')
    return [
      { key: '5xx', label: '5xx', values: zeroWhereKnown(failed, all) },
      { key: 'aborted', label: 'cut off', values: zeroWhereKnown(cut, all) },
    ]
  },
}

const quantiles = [
  { q: 0.5, label: 'p50' },
  { q: 0.95, label: 'p95' },
  { q: 0.99, label: 'p99' },
] as const

const latencyPanel: Panel = {
  id: 'latency',
  title: 'Latency',
  says: 'How long the entry waited for web processes; without an entry, how long they took. A point leads to its traces.',
  unit: 'seconds',
  asks: quantiles.flatMap(({ q }) => [
    { metric: waits, fn: 'quantile', q },
    { metric: requests, fn: 'quantile', q, where: { tier: 'web' } },
  ]),
  lines: (answers) =>
    quantiles.map(({ label }, at) => ({
      key: label,
      label,
      values: firstKnown(
        sumWhere(answers[2 * at], () => true),
        sumWhere(answers[2 * at + 1], () => true),
      ),
    })),
  leadsToTraces: true,
}

const operationsPanel: Panel = {
  id: 'operations',
  title: 'Database operations',
  says: 'Statements and transactions a second, as the web processes sent them.',
  unit: 'rate',
  asks: [{ metric: operations, fn: 'rate', by: ['db_operation_name'] }],
  lines: ([answer]) => lineEach(answer, 'db_operation_name'),
}

const operationTimePanel: Panel = {
  id: 'operation-time',
  title: 'Database p99',
  says: 'How long 99 of 100 operations took at most, as the process that sent them saw it.',
  unit: 'seconds',
  asks: [{ metric: operations, fn: 'quantile', q: 0.99, by: ['db_operation_name'] }],
  lines: ([answer]) => lineEach(answer, 'db_operation_name'),
}

const connectionsPanel: Panel = {
  id: 'connections',
  title: 'Connections',
  says: 'Connections of the pools of all processes, and statements that wait for one.',
  unit: 'count',
  asks: [
    { metric: 'db_client_connection_count', fn: 'sum', by: ['db_client_connection_state'] },
    { metric: 'db_client_connection_pending_requests', fn: 'sum' },
  ],
  lines: ([count, pending]) => {
    const state = (name: string) =>
      sumWhere(count, (labels) => labels.db_client_connection_state === name)
    return [
      { key: 'used', label: 'used', values: state('used') },
      { key: 'idle', label: 'idle', values: state('idle') },
      { key: 'waiting', label: 'waiting', values: sumWhere(pending, () => true) },
    ]
  },
}

const lagPanel: Panel = {
  id: 'lag',
  title: 'Replication lag',
  says: 'WAL that a replica has not replayed of what its primary has written.',
  unit: 'bytes',
  asks: [{ metric: 'banyan_replication_lag_bytes', fn: 'max', by: ['node'] }],
  lines: ([answer]) => lineEach(answer, 'node'),
}

const pausesPanel: Panel = {
  id: 'pauses',
  title: 'Write pauses',
  says: 'The longest pause of writes of the last climb, and how long the last promotion took until it took writes.',
  unit: 'seconds',
  asks: [
    { metric: 'banyan_write_pause_seconds', fn: 'max' },
    { metric: 'banyan_promotion_seconds', fn: 'max', where: { phase: 'writing' } },
  ],
  lines: ([climb, promotion]) =>
    [
      { key: 'climb', label: 'climb', values: sumWhere(climb, () => true) },
      { key: 'promotion', label: 'promotion', values: sumWhere(promotion, () => true) },
    ].filter(({ values }) => values.some((value) => value !== null && value > 0)),
}

/** A line for each node. */
const eachNode = (panel: Omit<Panel, 'asks' | 'lines'>, ask: Ask): Panel => ({
  ...panel,
  asks: [{ ...ask, by: ['node'] }],
  lines: ([answer]) => lineEach(answer, 'node'),
})

const cpuPanel = eachNode(
  { id: 'cpu', title: 'CPU', says: 'CPUs that a node’s processes use.', unit: 'cpus' },
  { metric: 'banyan_node_cpu_seconds_total', fn: 'rate' },
)
const memoryPanel = eachNode(
  {
    id: 'memory',
    title: 'Memory',
    says: 'Memory of a node’s processes; what PostgreSQL’s share is counted once.',
    unit: 'bytes',
  },
  { metric: 'banyan_node_memory_bytes', fn: 'max' },
)
const loopPanel = eachNode(
  {
    id: 'event-loop',
    title: 'Event loop',
    says: 'The part of the time in which a process’ event loop was busy.',
    unit: 'ratio',
  },
  { metric: 'nodejs_eventloop_utilization_ratio', fn: 'max' },
)
const delayPanel = eachNode(
  {
    id: 'event-loop-delay',
    title: 'Event loop delay',
    says: 'How late the event loop came to its work, 99th percentile.',
    unit: 'seconds',
  },
  { metric: 'nodejs_eventloop_delay_p99_seconds', fn: 'max' },
)

/** The page of charts, from what clients see to what machines bear. */
export const sections: readonly {
  readonly title: string
  readonly panels: readonly Panel[]
}[] = [
  { title: 'Traffic', panels: [requestsPanel, errorsPanel, latencyPanel] },
  {
    title: 'Database',
    panels: [operationsPanel, operationTimePanel, connectionsPanel, lagPanel, pausesPanel],
  },
  { title: 'Nodes', panels: [cpuPanel, memoryPanel, loopPanel, delayPanel] },
]
