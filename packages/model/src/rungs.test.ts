import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRungs, rungs, topologyOf } from './rungs.ts'
import { groundOf } from './test-systems.ts'

test('an unknown rung lists the rungs that exist, and the one that was meant', () => {
  assert.throws(() => findRungs(['single', 'singel']), {
    code: 'BANYAN_RUNG_UNKNOWN',
    message: 'There is no rung "singel".',
    hint: 'Did you mean single? The rungs that exist: single and balanced.',
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
