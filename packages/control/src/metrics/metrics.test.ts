import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetricsText } from '@banyan/model'
import type { ClimbReport, NodeStatus } from '../api/types.ts'
import { BalancerCounts } from './balancers.ts'
import { parseCpu, parseMemory } from './host.ts'
import { writeObservation } from './metrics-text.ts'
import { usageOf } from './node-usage.ts'
import type { Observation } from './observation.ts'
import { Tally } from './tally.ts'

const node = (name: string, changed: Partial<NodeStatus>): NodeStatus => ({
  name,
  tier: 'web',
  engine: 'process',
  host: 'local-1',
  region: 'local',
  role: 'web',
  address: null,
  pid: 1,
  health: 'healthy',
  uptimeMs: 1,
  sentence: '',
  ...changed,
})

const observation: Observation = {
  nodes: [
    node('web-1', {}),
    node('db-1', { tier: 'data', engine: 'postgres', role: 'primary', shard: 'shard-1' }),
    node('db-2', { tier: 'data', engine: 'postgres', role: 'replica', lagBytes: 42 }),
    node('db-3', {
      tier: 'data',
      engine: 'postgres',
      role: 'replica',
      health: 'failed',
      lagBytes: null,
    }),
  ],
  usage: [{ node: 'web-1', cpuSeconds: 1.5, memoryBytes: 4096 }],
  tally: new Tally().sample(0),
  host: { cpuSeconds: { user: 7 }, memory: { used: 3, free: 4 }, disk: { used: 5, free: 6 } },
  postgres: [
    {
      node: 'db-1',
      backends: { idle: 3, 'idle in transaction': 1 },
      connectionsMax: 100,
      commits: 10,
      rollbacks: 2,
      deadlocks: 0,
      blocksFromCache: 90,
      blocksFromSystem: 5,
      databaseBytes: 8_000,
      walWrittenBytes: 24_000_000,
      slots: { banyan_db_2: 16 },
    },
  ],
  balancers: [
    {
      node: 'haproxy-1',
      pid: 1,
      connections: 2,
      entry: [{ service: 'web', answers: { '2xx': 8, aborted: 1 } }],
      servers: [{ node: 'web-1', answers: { '2xx': 8 } }],
    },
  ],
}

function samples(): string[] {
  const text = new MetricsText()
  writeObservation(text, observation)
  return text
    .toString()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
}

test('what was observed is said in the words of the list of metrics', () => {
  const said = samples()
  const expected = [
    'banyan_node_up{node="web-1",tier="web",engine="process",role="web",host="local-1",health="healthy"} 1',
    'banyan_node_up{node="db-3",tier="data",engine="postgres",role="replica",host="local-1",health="failed"} 0',
    'banyan_replication_lag_bytes{node="db-2",shard="shard-1"} 42',
    'banyan_node_cpu_seconds_total{node="web-1"} 1.5',
    'postgresql_backends{node="db-1",state="idle in transaction"} 1',
    'postgresql_blocks_read_total{node="db-1",source="cache"} 90',
    'postgresql_blocks_read_total{node="db-1",source="system"} 5',
    'postgresql_wal_written_bytes_total{node="db-1"} 24000000',
    'banyan_slot_wal_bytes{node="db-1",slot="banyan_db_2"} 16',
    'banyan_entry_requests_total{node="haproxy-1",banyan_service="web",banyan_answer="aborted"} 1',
    'banyan_balancer_server_requests_total{node="haproxy-1",server="web-1",banyan_answer="2xx"} 8',
    'banyan_climbs_total{direction="grow",outcome="done"} 0',
    'banyan_promotions_total{shard="shard-1",reason="failover"} 0',
    'system_filesystem_usage_bytes{system_filesystem_state="free"} 6',
  ]
  for (const line of expected) assert.ok(said.includes(line), `${line} is missing`)
})

test('of a replica whose lag nobody knows none is said', () => {
  const said = samples()
  assert.ok(!said.some((line) => line.startsWith('banyan_replication_lag_bytes{node="db-3"')))
})

test('a machine says its CPU time by mode and what of its memory could be had', () => {
  const cpu = parseCpu('cpu  100 2 300 4000 5 0 6 7 0 0\ncpu0 1 1 1 1\n')
  assert.deepEqual([cpu?.user, cpu?.idle, cpu?.steal], [1, 40, 0.07])
  assert.equal(parseCpu('intr 1 2 3\n'), null)
  const text = 'MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\n'
  assert.deepEqual(parseMemory(text), { used: 600 * 1024, free: 400 * 1024 })
})

/** A process with two children of which one has shared memory with it. */
const proc: Readonly<Record<string, string>> = {
  '/proc/1/task/1/children': '2 3 ',
  '/proc/1/stat': `1 (post (x) ) S ${'0 '.repeat(10)}100 50 7 3 0`,
  '/proc/1/statm': '900 100 80 0 0 0 0',
  '/proc/2/stat': `2 (a) S ${'0 '.repeat(10)}10 0 0 0 0`,
  '/proc/2/statm': '900 90 70 0 0 0 0',
  '/proc/2/task/2/children': '4 ',
  '/proc/4/stat': `4 (b) S ${'0 '.repeat(10)}1 1 0 0 0`,
  '/proc/4/statm': '900 5 0 0 0 0 0',
}

test('a node uses what all its processes use, those that were waited for too, and shared memory once', () => {
  const usage = usageOf(1, (path) => proc[path] ?? null)
  assert.deepEqual(usage, { cpuSeconds: 1.72, memoryBytes: (20 + 20 + 5 + 80) * 4096 })
})

test('of a node whose first process has ended nothing is said', () => {
  assert.equal(
    usageOf(9, () => null),
    null,
  )
})

const report: ClimbReport = {
  climb: 'c-1',
  direction: 'grow',
  from: ['single'],
  to: ['single', 'split'],
  outcome: 'done',
  steps: [],
  totalMs: 1,
  requests: { sent: 0, failed: 0 },
  longestWritePauseMs: 250,
  reason: null,
}

test('a climb runs from its first word to its report, and its step takes time', () => {
  const tally = new Tally()
  const at = ''
  const sentence = ''
  const climb = { at, sentence, type: 'climb', climb: 'c-1' } as const
  tally.hear({ ...climb, outcome: 'begun', report: null }, 0)
  assert.deepEqual([tally.sample(1).isClimbing, tally.sample(1).stepSeconds], [true, 0])
  const step = { at, sentence, type: 'step', kind: 'move', node: null, step: 1, steps: 1 } as const
  tally.hear({ ...step, outcome: 'begun', ms: null }, 1_000)
  assert.equal(tally.sample(3_500).stepSeconds, 2.5)
  tally.hear({ ...step, outcome: 'done', ms: 1 }, 4_000)
  tally.hear({ ...climb, outcome: 'done', report }, 4_000)
  const { isClimbing, stepSeconds, climbs, writePauseSeconds } = tally.sample(9_000)
  assert.deepEqual([isClimbing, stepSeconds, writePauseSeconds], [false, 0, 0.25])
  assert.deepEqual(
    climbs.filter(({ count }) => count > 0),
    [{ direction: 'grow', outcome: 'done', count: 1 }],
  )
})

const row = (cells: Record<string, string | number>) =>
  new Map(Object.entries(cells).map(([name, value]) => [name, String(value)]))

const statistics = (front: number, web: number, pid = 1) => {
  const slot = row({ pxname: 'web', svname: 'web:1', hrsp_2xx: web })
  return {
    pid,
    rows: [
      row({ pxname: 'banyan:public', svname: 'FRONTEND', scur: 4, hrsp_2xx: front, hrsp_4xx: 1 }),
      row({ pxname: 'web', svname: 'BACKEND', mode: 'http', hrsp_2xx: web, srv_abrt: 2 }),
    ],
    slots: [
      {
        service: 'web',
        name: 'web:1',
        place: '',
        isOut: false,
        weight: 1,
        webSockets: 0,
        row: slot,
      },
    ],
    facts: new Map([['web:1', 'web-2']]),
    routes: new Map(),
    hosts: new Map(),
  }
}

test('a HAProxy answers for services, for itself, and by the node that each slot has', () => {
  const found = new BalancerCounts().take('haproxy-1', statistics(10, 8))
  assert.equal(found.connections, 4)
  assert.deepEqual(found.entry, [
    { service: 'web', answers: { '2xx': 8, '3xx': 0, '4xx': 0, '5xx': 0, aborted: 2 } },
    { service: '', answers: { '2xx': 2, '3xx': 0, '4xx': 1, '5xx': 0 } },
  ])
  assert.deepEqual(
    found.servers.map(({ node: name, answers }) => [name, answers['2xx']]),
    [['web-2', 8]],
  )
})

test('what a HAProxy answered by itself is never less than before, until another worker counts', () => {
  const counts = new BalancerCounts()
  const rest = (front: number, web: number, pid?: number) =>
    counts.take('haproxy-1', statistics(front, web, pid)).entry[1]?.answers['2xx']
  assert.deepEqual([rest(10, 8), rest(10, 9), rest(14, 10)], [2, 2, 4])
  assert.equal(rest(1, 1, 2), 0)
})
