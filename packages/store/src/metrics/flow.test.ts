import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { defaultLimits } from '../store-file.ts'
import { reader } from '../testing/samples.ts'
import { keptFile, temporaryFolder } from '../testing/temporary.ts'
import { flowOf } from './flow.ts'
import { Metrics } from './metrics.ts'

const begin = 1_795_300_000_000

/** A histogram of which every tenth is slow, and a twentieth of all has a label more. */
const histogram = (name: string, labels: string, count: number, failed = 0): string => {
  const part = (extra: string, n: number) =>
    `${name}_bucket{${labels}${extra},le="0.01"} ${n * 0.9}\n${name}_bucket{${labels}${extra},le="0.1"} ${n}\n` +
    `${name}_bucket{${labels}${extra},le="+Inf"} ${n}\n${name}_count{${labels}${extra}} ${n}\n`
  return `# TYPE ${name} histogram\n${part('', count)}${failed > 0 ? part(',error_type="40P01"', failed) : ''}`
}

function system(t: TestContext) {
  const metrics = new Metrics(keptFile(t, temporaryFolder(t), 'metrics'), defaultLimits, begin)
  const gateway = reader(metrics.registry, { node: 'gateway-1' })
  const web = reader(metrics.registry, { node: 'web-1' })
  const control = reader(metrics.registry, { node: 'control' })
  const second = (at: number): void => {
    const now = begin + at * 1_000
    gateway.take(
      now,
      `# TYPE banyan_entry_requests_total counter\nbanyan_entry_requests_total{banyan_answer="2xx"} ${at * 95}\n` +
        `banyan_entry_requests_total{banyan_answer="5xx"} ${at * 5}\n` +
        histogram('http_client_request_duration_seconds', 'server_address="web-1"', at * 100),
    )
    web.take(
      now + 100,
      histogram('http_server_request_duration_seconds', 'http_route="/a"', at * 100) +
        histogram(
          'db_client_operation_duration_seconds',
          'server_address="db-1"',
          at * 190,
          at * 10,
        ),
    )
    control.take(
      now + 200,
      `banyan_node_up{node="db-1",role="primary"} 1\nbanyan_node_up{node="db-2",role="replica"} 1\n` +
        `# TYPE banyan_node_cpu_seconds_total counter\nbanyan_node_cpu_seconds_total{node="db-1"} ${at * 0.5}\n` +
        `banyan_node_memory_bytes{node="db-1"} 4096\nbanyan_replication_lag_bytes{node="db-2",shard="s"} ${at * 100}\n` +
        `# TYPE postgresql_wal_written_bytes_total counter\npostgresql_wal_written_bytes_total{node="db-1"} ${at * 1_000}\n`,
    )
  }
  for (let at = 0; at < 15; at += 1) second(at)
  return metrics
}

const rounded = (value: number | null) => (value === null ? null : Math.round(value * 100) / 100)

test('the newest second has every node with its load, and what moves between them', (t) => {
  const { nodes, edges, at } = flowOf(system(t), begin + 14_500)
  assert.equal(at, begin + 14_200)
  const flow = edges.map(({ from, to, kind, perS, errorsPerS, p50Ms, p99Ms }) =>
    [`${from} ${kind} ${to}`, perS, errorsPerS, p50Ms, p99Ms].map((one) =>
      typeof one === 'string' ? one : rounded(one),
    ),
  )
  assert.deepEqual(flow, [
    ['client requests gateway-1', 100, 5, 5.56, 91],
    ['gateway-1 requests web-1', 100, 0, 5.56, 91],
    ['web-1 queries db-1', 200, 10, 5.56, 91],
    ['db-1 replication db-2', 900, 0, null, null],
  ])
  assert.equal(rounded(nodes['db-1']?.cpu ?? null), 0.5)
  assert.equal(nodes['db-1']?.memoryBytes, 4_096)
  assert.equal(rounded(nodes['db-1']?.requestsPerS ?? null), 200)
  assert.equal(rounded(nodes['web-1']?.p99Ms ?? null), 91)
})

test('what was not read for three seconds is not passed off as new', (t) => {
  assert.deepEqual(flowOf(system(t), begin + 18_000), { at: begin + 14_200, nodes: {}, edges: [] })
})

test('on one server the clients come straight to the web process', (t) => {
  const metrics = new Metrics(keptFile(t, temporaryFolder(t), 'metrics'), defaultLimits, begin)
  const { take } = reader(metrics.registry, { node: 'web-1' })
  for (let at = 0; at < 4; at += 1)
    take(
      begin + at * 1_000,
      histogram('http_server_request_duration_seconds', 'http_route=""', at * 7),
    )
  const { edges } = flowOf(metrics, begin + 3_100)
  assert.deepEqual(
    edges.map(({ from, to, perS }) => [from, to, rounded(perS)]),
    [['client', 'web-1', 7]],
  )
})
