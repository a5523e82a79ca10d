import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError } from './banyan-error.ts'

test('an error of another copy of the package is recognised', async () => {
  const copy = (await import(
    `./banyan-error.ts?copy=${process.pid}`
  )) as typeof import('./banyan-error.ts')
  assert.notEqual(copy.BanyanError, BanyanError)
  assert.ok(BanyanError.is(new copy.BanyanError('BANYAN_RUNG_UNKNOWN', 'There is none.')))
  assert.ok(!BanyanError.is(Object.assign(new Error('no'), { code: 'BANYAN_RUNG_UNKNOWN' })))
  assert.ok(!BanyanError.is(null))
})

test('an error in JSON says code, message, hint and details, and keeps the stack and the cause', () => {
  const cause = new Error('password of db-1')
  const error = new BanyanError('BANYAN_RUNG_UNKNOWN', 'There is no rung "x".', {
    hint: 'The rungs: single.',
    cause,
    details: { known: ['single'] },
  })
  assert.equal(error.cause, cause)
  assert.deepEqual(JSON.parse(JSON.stringify({ error })), {
    error: {
      code: 'BANYAN_RUNG_UNKNOWN',
      message: 'There is no rung "x".',
      hint: 'The rungs: single.',
      details: { known: ['single'] },
    },
  })
})

test('what may work again soon is a 503, and a write of unknown outcome is not', () => {
  assert.equal(new BanyanError('BANYAN_DATABASE_UNAVAILABLE', 'Away.').statusCode, 503)
  assert.equal(new BanyanError('BANYAN_OUTCOME_UNKNOWN', 'Perhaps.').statusCode, 500)
  assert.equal(new BanyanError('BANYAN_CONFIG_INVALID', 'No.').statusCode, 500)
})
