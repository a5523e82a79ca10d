import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, Topology } from '@banyan/model'
import { findNodeName } from './node-names.ts'

const node = (name: string, tier: Node['tier'], service?: string): Node => ({
  name,
  tier,
  engine: tier === 'data' ? 'postgres' : 'process',
  host: 'local-1',
  port: 0,
  size: { cpus: 1, memoryMb: 1 },
  ...(service === undefined ? {} : { service }),
})
const topology: Topology = {
  version: 1,
  rungs: [],
  hosts: [],
  nodes: [
    node('db-1', 'data'),
    node('web-1', 'web', 'web'),
    node('mail-1', 'worker', 'mail'),
    node('mail-2', 'worker', 'mail'),
  ],
}

test('a node is found by its name, its role, or a service or tier that has one node', () => {
  assert.equal(findNodeName(topology, 'mail-2'), 'mail-2')
  assert.equal(findNodeName(topology, 'primary'), 'db-1')
  assert.equal(findNodeName(topology, 'web'), 'web-1')
  assert.equal(findNodeName(topology, 'data'), 'db-1')
})

test('a name that means several nodes, or none, means none', () => {
  assert.equal(findNodeName(topology, 'mail'), null)
  assert.equal(findNodeName(topology, 'worker'), null)
  assert.equal(findNodeName(topology, 'cache'), null)
})

test('the primary is who takes writes, and the replica the only other member', () => {
  const two = { ...topology, nodes: [...topology.nodes, node('db-3', 'data')] }
  assert.equal(findNodeName(two, 'primary', 'db-3'), 'db-3')
  assert.equal(findNodeName(two, 'replica', 'db-3'), 'db-1')
  assert.equal(findNodeName(two, 'primary', null), null)
  assert.equal(findNodeName(two, 'replica', null), null)
  const three = { ...two, nodes: [...two.nodes, node('db-4', 'data')] }
  assert.equal(findNodeName(three, 'replica', 'db-3'), null)
})
