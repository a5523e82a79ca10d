import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeOf } from './answer.ts'

test('a refusal means that nothing was done, unless it is one that a deadline made', () => {
  assert.equal(outcomeOf(201, ''), 'ok')
  for (const status of [400, 404, 409, 422, 429]) assert.equal(outcomeOf(status, ''), 'fail')
  // Frameworks answer 408 for a handler that takes too long, which goes on working.
  assert.equal(outcomeOf(408, ''), 'info')
})

test('a fault of the server leaves open what happened, unless it says', () => {
  for (const status of [500, 502, 503, 504]) assert.equal(outcomeOf(status, 'oops'), 'info')
  assert.equal(outcomeOf(503, '{"outcome":"failed"}'), 'fail')
  assert.equal(outcomeOf(409, '{"error":{"code":"BANYAN_OUTCOME_UNKNOWN"}}'), 'info')
})
