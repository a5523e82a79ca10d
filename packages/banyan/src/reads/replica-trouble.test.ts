import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { isReplicaTrouble } from './replica-trouble.ts'

function failure(code: string): Error {
  const error = new pg.DatabaseError('It failed.', 1, 'error')
  error.code = code
  return error
}

test('conflicts with replay, and what a standby cannot do or does not know yet, are asked of the primary', () => {
  for (const code of ['40001', '40P01', '25006', '25P02', '55000', '42P01', '42703', 'XX000']) {
    assert.equal(isReplicaTrouble(failure(code)), true, code)
  }
})

test('a division by zero, a timeout and what is no error of the database are not', () => {
  assert.equal(isReplicaTrouble(failure('22012')), false)
  assert.equal(isReplicaTrouble(failure('57014')), false)
  assert.equal(isReplicaTrouble(new Error('40001')), false)
})
