import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Balance } from '@banyan/model'
import fc from 'fast-check'
import { type Choosable, choose } from './choose.ts'

type Fake = Choosable & { readonly name: string; usable: boolean; load: number }

const server = (name: string, weight = 100, load = 0): Fake => ({
  name,
  usable: true,
  load,
  credit: 0,
  weightAt: () => weight,
})

const turns = (servers: readonly Fake[], count: number, balance: Balance = 'round-robin') =>
  Array.from({ length: count }, () => choose(servers, balance, null, 0)?.name ?? '-').join('')

test('servers of one weight are chosen in turn', () => {
  assert.equal(turns([server('a'), server('b'), server('c')], 7), 'abcabca')
})

test('requests of a heavy server lie between those of the others', () => {
  assert.equal(turns([server('a', 5), server('b', 1), server('c', 1)], 7), 'aabacaa')
})

test('over a whole turn every server has exactly its share, whatever the weights', () => {
  const weights = fc.array(fc.integer({ min: 0, max: 256 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(weights, (weights) => {
      const servers = weights.map((weight, at) => server(String(at), weight))
      const turn = weights.reduce((sum, weight) => sum + weight, 0)
      const counts = new Map<string, number>()
      for (let at = 0; at < turn; at++) {
        const { name = '-' } = choose(servers, 'round-robin', null, 0) ?? {}
        counts.set(name, (counts.get(name) ?? 0) + 1)
      }
      const found = weights.map((_, at) => counts.get(String(at)) ?? 0)
      assert.deepEqual(found, weights)
    }),
    { numRuns: 200 },
  )
})

test('what was tried, is not usable, or has no weight is not chosen', () => {
  const [a, b, c] = [server('a'), server('b'), server('c', 0)]
  assert.equal(choose([a, b, c], 'round-robin', new Set([a]), 0), b)
  b.usable = false
  assert.equal(choose([a, b, c], 'round-robin', new Set([a]), 0), null)
  assert.equal(turns([a, b, c], 2), 'aa')
})

test('least connections chooses who has least to do for its weight', () => {
  assert.equal(turns([server('a', 100, 3), server('b', 100, 2)], 2, 'least-connections'), 'bb')
  assert.equal(turns([server('a', 200, 3), server('b', 100, 2)], 2, 'least-connections'), 'aa')
})

test('with nothing to do anywhere, least connections keeps to the weights', () => {
  const servers = [server('a', 100), server('b', 100), server('c', 22)]
  const found = turns(servers, 222, 'least-connections')
  assert.equal(found.split('c').length - 1, 22)
})

test('a server that was away for long is owed no more than one turn', () => {
  const [a, b] = [server('a'), server('b')]
  b.usable = false
  turns([a, b], 1_000)
  b.usable = true
  assert.equal(turns([a, b], 4).replaceAll('a', '').length, 2)
})
