import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError, type ErrorCode } from '@banyan/model'
import pg from 'pg'
import { judgeFailure } from './outcome.ts'

const database = (code: string): Error =>
  Object.assign(new pg.DatabaseError('refused', 0, 'error'), { code })
const banyan = (code: ErrorCode): Error => new BanyanError(code, 'Something.', { hint: 'Mend.' })

const told = (error: unknown) => {
  const { status, outcome } = judgeFailure(error)
  return [status, outcome]
}

test('only what surely did nothing is said to have failed', () => {
  assert.deepEqual(told(banyan('BANYAN_OUTCOME_UNKNOWN')), [503, 'unknown'])
  assert.deepEqual(told(banyan('BANYAN_TRANSACTION_ENDED')), [503, 'unknown'])
  assert.deepEqual(told(new TypeError('a fault of ours')), [500, 'unknown'])
  assert.deepEqual(told('nothing that is known'), [500, 'unknown'])
  assert.deepEqual(told(banyan('BANYAN_CONNECTION_LOST')), [503, 'failed'])
  assert.deepEqual(told(banyan('BANYAN_DATABASE_UNAVAILABLE')), [503, 'failed'])
  assert.deepEqual(told(database('23514')), [503, 'failed'])
})

test('a transaction that gave way to another is no failure of the database', () => {
  for (const code of ['40001', '40P01']) assert.deepEqual(told(database(code)), [409, 'failed'])
})

test('what its sender did wrong is said as such', () => {
  assert.deepEqual(told(banyan('BANYAN_PROVE_REQUEST_INVALID')), [400, 'failed'])
  assert.deepEqual(told(banyan('BANYAN_BODY_TOO_LARGE')), [413, 'failed'])
})
