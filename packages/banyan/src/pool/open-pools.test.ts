import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CountedPool, immediates, openPools, poolEnded, poolOpened } from './open-pools.ts'

const poolOf = (name: string): CountedPool & { name: string } => ({
  name,
  totalCount: 0,
  idleCount: 0,
  waitingCount: 0,
  immediate: 0,
  options: { max: 1 },
})

test('a pool is counted until it ends, and what it counted stays', () => {
  const [one, other] = [poolOf('a'), poolOf('a')]
  poolOpened(one)
  poolOpened(other)
  one.immediate = 3
  other.immediate = 4
  assert.deepEqual(openPools(), [one, other])
  assert.equal(immediates().get('a'), 7)
  poolEnded(one)
  poolEnded(one)
  assert.deepEqual(openPools(), [other])
  assert.equal(immediates().get('a'), 7)
  poolEnded(other)
  assert.deepEqual(openPools(), [])
  assert.equal(immediates().get('a'), 7, 'a counter never goes back')
})

test('a pool that is led elsewhere goes by another name from then on', () => {
  const pool = poolOf('old')
  poolOpened(pool)
  pool.immediate = 2
  poolEnded(pool)
  pool.name = 'new'
  poolOpened(pool)
  pool.immediate += 5
  assert.equal(immediates().get('old'), 2)
  assert.equal(immediates().get('new'), 5)
  poolEnded(pool)
})
