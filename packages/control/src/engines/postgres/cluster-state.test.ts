import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClusterFacts, classifyCluster } from './cluster-state.ts'
import type { NodeFile } from './node-file.ts'

const node: NodeFile = {
  format: 1,
  engine: 'postgres',
  version: 18,
  systemIdentifier: '42',
  dataDirectory: 'data',
  state: 'whole',
}

const whole: ClusterFacts = {
  node,
  dataDirectory: '/srv/node/data',
  data: 'filled',
  majorVersion: 18,
  systemIdentifier: '42',
}

const empty = { data: 'empty', majorVersion: null, systemIdentifier: null } as const

function outcome(change: Partial<ClusterFacts>): string {
  try {
    return classifyCluster({ ...whole, ...change }, 18)
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('every combination of facts has one outcome, and only three of them lead to writing', () => {
  const making = { ...node, state: 'making' } as const
  const rows: [string, Partial<ClusterFacts>, string][] = [
    ['a whole cluster', {}, 'whole'],
    ['nothing at all', { ...empty, node: null }, 'absent'],
    ['initdb was through, the rename was not', { ...empty, node: making }, 'interrupted'],
    ['the rename was through, node.json was not', { node: making }, 'unnamed'],
    ['data of a stranger', { node: null }, 'BANYAN_DATA_FOREIGN'],
    ['files of a stranger', { ...empty, data: 'filled', node: null }, 'BANYAN_DATA_FOREIGN'],
    ['data that is gone', empty, 'BANYAN_DATA_BROKEN'],
    ['no PG_VERSION', { majorVersion: null }, 'BANYAN_DATA_BROKEN'],
    ['no pg_control', { systemIdentifier: null }, 'BANYAN_DATA_BROKEN'],
    ['another cluster', { systemIdentifier: '43' }, 'BANYAN_DATA_FOREIGN'],
    [
      'another cluster while ours was being made',
      { node: making, systemIdentifier: '43' },
      'BANYAN_DATA_FOREIGN',
    ],
    ['another major version', { majorVersion: 17 }, 'BANYAN_DATA_VERSION'],
  ]
  for (const [name, change, expected] of rows) assert.equal(outcome(change), expected, name)
})
