import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveSystem, type Topology } from '@banyan/model'
import { drainTimeoutMs, gatewayFile } from './settings.ts'

const system = resolveSystem(
  {
    name: 'mail',
    services: {
      web: { run: 'node web.ts', routes: ['/'] },
      smtp: { run: 'node smtp.ts', tcp: 2525, stopTimeoutMs: 60_000 },
      worker: { run: 'node worker.ts', stopTimeoutMs: 600_000 },
    },
  },
  { root: '/srv/mail' },
)

const nodeOf = (name: string, port: number, service?: string) => ({
  name,
  tier: 'web' as const,
  engine: 'process' as const,
  host: 'local-1',
  port,
  size: { cpus: 1, memoryMb: 1 },
  ...(service !== undefined && { service }),
})

const gateway = nodeOf('gateway-1', 4_000)
const topology: Topology = {
  version: 1,
  rungs: ['single'],
  hosts: [],
  nodes: [nodeOf('web-1', 4_001, 'web'), nodeOf('smtp-1', 4_002, 'smtp'), gateway],
}
const facts = {
  system,
  topology,
  admitted: ['web-1', 'smtp-1'],
  draining: [],
  shares: {},
  version: 1,
  token: 't',
}

test('ports have descriptors in the order in which they were bound, also those without a service', () => {
  const { tcp } = gatewayFile({ ...facts, tcp: [1883, 2525] }, gateway)
  assert.deepEqual(tcp, [
    { port: 1883, fd: 4, service: null },
    { port: 2525, fd: 5, service: 'smtp' },
  ])
  assert.equal('tcp' in gatewayFile(facts, gateway), false)
})

test('a server of a port is told apart from one of routes', () => {
  const { backends } = gatewayFile(facts, gateway)
  assert.deepEqual(
    backends.map(({ node, tcp }) => [node, tcp ?? false]),
    [
      ['web-1', false],
      ['smtp-1', true],
    ],
  )
})

test('a server is of a port also while its service has that port not yet', () => {
  const withoutPorts = {
    ...system,
    services: system.services.map(({ tcp: _, ...service }) => service),
  }
  const serviceOf = (node: { service?: string }) =>
    system.services.find(({ name }) => name === node.service) ?? null
  const { backends } = gatewayFile({ ...facts, system: withoutPorts, serviceOf }, gateway)
  assert.deepEqual(
    backends.map(({ tcp }) => tcp),
    [undefined, true],
  )
})

test('a drain takes as long as the slowest service that somebody outside asks', () => {
  assert.equal(drainTimeoutMs(system), 60_000)
})
