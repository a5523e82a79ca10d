import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError } from '@banyan/model'
import { climbOf, climbRequestOf } from './climb-request.ts'

const isRefused = (error: unknown) =>
  BanyanError.is(error) && error.code === 'BANYAN_USAGE_INVALID' && error.hint !== undefined

test('a request for a climb says which way, and names rungs or none', () => {
  for (const direction of ['grow', 'shrink'] as const) {
    for (const rungs of [[], ['balanced'], ['a', 'b']]) {
      const { direction: way, rungs: names } = climbRequestOf({ direction, rungs })
      assert.deepEqual([way, names], [direction, rungs])
    }
  }
})

test('a climb may bring its name, and only one that can be one', () => {
  const asked = { direction: 'grow', rungs: [] }
  assert.equal(climbRequestOf({ ...asked, climb: 'c-1a' }).climb, 'c-1a')
  assert.equal(climbRequestOf({ ...asked, climb: null }).climb, undefined)
  for (const climb of ['', 'x', 'c-', 'c-a b', `c-${'x'.repeat(41)}`, 7]) {
    assert.throws(() => climbRequestOf({ ...asked, climb }), isRefused, String(climb))
  }
})

test('anything else is refused as that', () => {
  const bodies = [
    {},
    { direction: 'up', rungs: [] },
    { direction: 'grow' },
    { direction: 'grow', rungs: 'balanced' },
    { direction: 'grow', rungs: [1] },
    { direction: 'grow', rungs: [null] },
    { rungs: [] },
  ]
  for (const body of bodies) assert.throws(() => climbRequestOf(body), isRefused)
})

test('a climb is named by a text', () => {
  assert.equal(climbOf({ climb: 'c-1' }), 'c-1')
  for (const climb of [undefined, null, 1, {}]) assert.throws(() => climbOf({ climb }), isRefused)
})
