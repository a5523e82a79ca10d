import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError } from '@banyan/model'
import { switchoverRequestOf } from './switchover-request.ts'

test('a request that names nobody asks for whichever is best', () => {
  assert.deepEqual(switchoverRequestOf({}), { to: null })
  assert.deepEqual(switchoverRequestOf({ to: 'db-3' }), { to: 'db-3' })
})

test('a loss is accepted only by the word itself', () => {
  assert.deepEqual(switchoverRequestOf({ to: null, acceptLoss: false }), { to: null })
  assert.deepEqual(switchoverRequestOf({ acceptLoss: true }), { to: null, acceptLoss: true })
  for (const acceptLoss of ['yes', 1, null]) {
    assert.throws(() => switchoverRequestOf({ acceptLoss }), isWrongUsage)
  }
})

test('a member is named by text', () => {
  assert.throws(() => switchoverRequestOf({ to: 3 }), isWrongUsage)
})

function isWrongUsage(error: unknown): boolean {
  return BanyanError.is(error) && error.code === 'BANYAN_USAGE_INVALID'
}
