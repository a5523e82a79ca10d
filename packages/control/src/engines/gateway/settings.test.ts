import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, System, Topology } from '@banyan/model'
import { gatewayFile } from './settings.ts'

const system = {
  services: [],
  balancer: { balance: 'least-connections', sticky: false, slowStartMs: 0 },
} as unknown as System
const topology = { hosts: [], nodes: [] } as unknown as Topology

const balanceOf = (engine: string, shares: Record<string, number>) => {
  const node = { name: 'entry-1', engine, host: 'here', port: 4_000 } as unknown as Node
  const facts = { system, topology, admitted: [], draining: [], shares, version: 1, token: 't' }
  return gatewayFile(facts, node).balance
}

test('while a node has only a share, the gateway sends in turn, whoever has fewer connections', () => {
  assert.equal(balanceOf('gateway', {}), 'least-connections')
  assert.equal(balanceOf('gateway', { 'web-1-stand-in': 10 }), 'round-robin')
})

test('HAProxy keeps to its way, because another takes a reload', () => {
  assert.equal(balanceOf('haproxy', { 'web-1-stand-in': 10 }), 'least-connections')
})
