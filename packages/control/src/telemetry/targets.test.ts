import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, Topology } from '@banyan/model'
import { targetsOf } from './targets.ts'

const size = { cpus: 1, memoryMb: 512 }
const node = (name: string, changed: Partial<Node>): Node => ({
  name,
  tier: 'web',
  engine: 'process',
  host: 'local-1',
  port: 20_000,
  size,
  ...changed,
})

const topology: Topology = {
  version: 1,
  rungs: ['single'],
  hosts: [
    { name: 'local-1', site: 'local', region: 'local', zone: 'a', address: '127.0.0.1' },
    { name: 'local-2', site: 'local', region: 'local', zone: 'a', address: '127.64.2.1' },
  ],
  nodes: [
    node('gateway-1', { tier: 'entry', engine: 'gateway', port: 20_010, entry: true }),
    node('haproxy-1', { tier: 'entry', engine: 'haproxy', port: 20_012, entry: true }),
    node('web-1', { service: 'web', host: 'local-2' }),
    node('web-2', { service: 'web', port: 20_002 }),
    node('job-1', { tier: 'worker', service: 'job', port: 0 }),
    node('db-1', { tier: 'data', engine: 'postgres', port: 5432, shard: 'shard-1' }),
  ],
}

const none = { topology, isServe: () => false, control: null, store: null }

test('a process is read where serve was seen to answer, at the address of its own host', () => {
  assert.deepEqual(targetsOf({ ...none, isServe: (name) => name === 'web-1' }), [
    {
      targets: ['127.0.0.1:20010'],
      labels: { node: 'gateway-1', tier: 'entry', engine: 'gateway', host: 'local-1' },
    },
    {
      targets: ['127.64.2.1:20000'],
      labels: { node: 'web-1', tier: 'web', engine: 'process', service: 'web', host: 'local-2' },
    },
  ])
})

test('what listens nowhere, databases and HAProxy are never read, whatever is known of them', () => {
  const names = targetsOf({ ...none, isServe: () => true }).map(({ labels }) => labels.node)
  assert.deepEqual(names, ['gateway-1', 'web-1', 'web-2'])
})

test('control and the store are read once it is known where they listen', () => {
  const found = targetsOf({ ...none, control: '127.0.0.1:4780', store: '127.0.0.1:17000' })
  assert.deepEqual(found.slice(-2), [
    {
      targets: ['127.0.0.1:4780'],
      labels: { node: 'control', tier: 'telemetry', engine: 'control', host: 'local-1' },
    },
    {
      targets: ['127.0.0.1:17000'],
      labels: { node: 'store', tier: 'telemetry', engine: 'store', host: 'local-1' },
    },
  ])
})
