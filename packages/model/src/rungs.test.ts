import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusals } from './refusals.ts'
import { resolveSystem } from './resolve-system.ts'
import { dependentsOf, findRungs, lastRung, nextRung, rungs, topologyOf } from './rungs.ts'
import { groundOf } from './test-systems.ts'

test('an unknown rung lists the rungs that exist, and the one that was meant', () => {
  assert.throws(() => findRungs(['single', 'singel']), {
    code: 'BANYAN_RUNG_UNKNOWN',
    message: 'There is no rung "singel".',
    hint: 'Did you mean single? The rungs that exist: single, split, balanced, replicated and observed.',
  })
  assert.throws(() => findRungs(['toString']), { code: 'BANYAN_RUNG_UNKNOWN' })
})

test('a rung named twice is taken once', () => {
  assert.deepEqual(
    findRungs(['single', 'single']).map(({ name }) => name),
    ['single'],
  )
})

test('what a rung needs exists and stands before it', () => {
  for (const [index, rung] of rungs.entries()) {
    const before = rungs.slice(0, index).map(({ name }) => name)
    for (const need of rung.needs) assert.ok(before.includes(need), `${rung.name} needs ${need}`)
    assert.match(rung.adds, /^[A-Z].*\.$/)
  }
})

test('single has one database server and one node of each service', () => {
  const topology = topologyOf(['single'], groundOf({ services: ['web', 'worker'], data: true }))
  assert.deepEqual(topology.rungs, ['single'])
  assert.deepEqual(
    topology.nodes.map(({ name, tier, engine, port }) => [name, tier, engine, port]),
    [
      ['db-1', 'data', 'postgres', 5432],
      ['web-a-1', 'web', 'process', 5433],
      ['worker-b-1', 'worker', 'process', 5434],
    ],
  )
})

test('a system without data has no database server', () => {
  const topology = topologyOf(['single'], groundOf({ services: ['web'], data: false }))
  assert.deepEqual(
    topology.nodes.map(({ name }) => name),
    ['web-a-1'],
  )
})

test('a database server counts on a quarter of the memory, at most 4,096 MB, or what the config says', () => {
  const ground = groundOf({ services: ['web'], data: true })
  const memoryOf = (memoryMb: number, wanted: number | null) => {
    const data = ground.system.data && { ...ground.system.data, memoryMb: wanted }
    const system = { ...ground.system, data }
    return topologyOf(['single'], { ...ground, system, machine: { cpus: 2, memoryMb } }).nodes[0]
      ?.size.memoryMb
  }
  assert.equal(memoryOf(2000, null), 500)
  assert.equal(memoryOf(64_000, null), 4096)
  assert.equal(memoryOf(2000, 1234), 1234)
})

test('balanced has a gateway, two processes of each service with routes, and one of each worker', () => {
  const ground = groundOf({ services: ['web', 'worker', 'web'], data: true })
  const topology = topologyOf(['balanced'], ground)
  assert.deepEqual(topology.rungs, ['single', 'balanced'])
  assert.deepEqual(
    topology.nodes.map(({ name, host, entry }) => `${name} ${host}${entry ? ' entry' : ''}`),
    [
      'db-1 local-1',
      'web-a-1 local-1',
      'worker-b-1 local-1',
      'web-c-1 local-1',
      'web-a-2 local-2',
      'web-c-2 local-2',
      'gateway-1 local-1 entry',
    ],
  )
})

test('split puts the one database server on a host of its own, and replicated adds copies beside whichever is there', () => {
  const ground = groundOf({ services: ['web'], data: true })
  const placesOf = (names: string[], on = ground) =>
    topologyOf(names, on)
      .nodes.filter(({ tier }) => tier === 'data')
      .map(({ name, host }) => `${name} ${host}`)
  assert.deepEqual(placesOf(['split']), ['db-2 local-3'])
  assert.deepEqual(placesOf(['replicated']), ['db-1 local-1', 'db-3 local-4', 'db-4 local-5'])
  const all = ['db-2 local-3', 'db-3 local-4', 'db-4 local-5']
  assert.deepEqual(placesOf(['replicated', 'split', 'balanced']), all)
  const three = groundOf({ services: ['web'], data: true, replicas: 3 })
  assert.deepEqual(placesOf(['replicated'], three).at(-1), 'db-5 local-6')
})

test('a database that is not ours, or not there, is neither moved nor copied', () => {
  const none = groundOf({ services: ['web'], data: false })
  assert.deepEqual(refusals(['split'], none), [
    'split: The system has no data tier (`data`), so that there is nothing to move or to copy.',
  ])
  const adopted = groundOf({ services: ['web'], data: 'adopted' })
  assert.deepEqual(refusals(['replicated'], adopted), [
    "replicated: The database is adopted (`data.url`): where it runs, and how many copies it has, is its owner's business.",
  ])
  const own = groundOf({ services: ['web'], data: true })
  assert.deepEqual(refusals(['split', 'replicated'], { ...own, hosts: own.hosts.slice(0, 2) }), [
    'split: It takes 3 hosts, and there are 2.',
    'replicated: It takes 5 hosts, and there are 2.',
  ])
})

test('the one web process is the entry itself on single, unless it takes no passed socket', () => {
  const entriesOf = (ground: ReturnType<typeof groundOf>) =>
    topologyOf(['single'], ground)
      .nodes.filter(({ entry }) => entry)
      .map(({ name }) => name)
  assert.deepEqual(entriesOf(groundOf({ services: ['web', 'worker'], data: true })), ['web-a-1'])
  assert.deepEqual(entriesOf(groundOf({ services: ['plain'], data: true })), ['gateway-1'])
  assert.deepEqual(entriesOf(groundOf({ services: ['web', 'web'], data: true })), ['gateway-1'])
  assert.deepEqual(entriesOf(groundOf({ services: ['worker'], data: true })), [])
})

test('a service with a port of its own stands behind a balancer on single, and is doubled on balanced', () => {
  const services = { smtp: { run: 'node smtp.ts', tcp: 2525 }, worker: { run: 'node worker.ts' } }
  const system = resolveSystem({ name: 'mail', services }, { root: '/srv/mail' })
  const ground = { ...groundOf({ services: ['web'], data: false }), system }
  const rowsOf = (rungs: string[]) =>
    topologyOf(rungs, ground).nodes.map(({ name, tier, entry }) => [name, tier, entry ?? false])
  const single = [
    ['smtp-1', 'web', false],
    ['worker-1', 'worker', false],
  ]
  const gateway = ['gateway-1', 'entry', true]
  assert.deepEqual(rowsOf(['single']), [...single, gateway])
  assert.deepEqual(rowsOf(['single', 'balanced']), [...single, ['smtp-2', 'web', false], gateway])
  assert.deepEqual(refusals(['balanced'], ground), [])
})

test('what a rung cannot stand on is said with every reason, and each rung by its name', () => {
  const ground = groundOf({ services: ['worker'], data: true })
  assert.deepEqual(refusals(['single'], ground), [])
  assert.deepEqual(refusals(['balanced'], { ...ground, hosts: ground.hosts.slice(0, 1) }), [
    'balanced: No service has routes or a port (`tcp`), so that there is nothing to put a gateway in front of.',
    'balanced: It takes 2 hosts, and there is 1.',
  ])
  assert.deepEqual(refusals(['balanced'], groundOf({ services: ['web'], data: false })), [])
})

test('a rung that is given up takes those along that need it', () => {
  const held = ['single', 'balanced']
  assert.deepEqual(dependentsOf(held, ['balanced']), ['balanced'])
  assert.deepEqual(dependentsOf(held, ['single']), ['single', 'balanced'])
  assert.deepEqual(dependentsOf(['single'], ['balanced']), [])
  assert.throws(() => dependentsOf(held, ['balancd']), { code: 'BANYAN_RUNG_UNKNOWN' })
})

test('without a name the next rung is grown, and the last one is shrunk, but never the first', () => {
  const ladder = ['single', 'split', 'balanced', 'replicated']
  assert.equal(nextRung([]), 'single')
  assert.equal(nextRung(['single']), 'split')
  assert.equal(nextRung(['single', 'balanced']), 'split')
  assert.equal(nextRung(ladder.slice(0, 3)), 'replicated')
  assert.equal(nextRung(ladder), 'observed')
  assert.equal(nextRung([...ladder, 'observed']), null)
  assert.equal(lastRung(ladder), 'replicated')
  const without = groundOf({ services: ['web'], data: false })
  assert.equal(nextRung(['single'], without), 'balanced')
  assert.equal(nextRung(['single', 'balanced'], without), 'observed')
  assert.equal(nextRung(['single', 'balanced', 'observed'], without), 'split')
  assert.equal(lastRung(['single', 'balanced']), 'balanced')
  assert.equal(lastRung(['single']), null)
})
