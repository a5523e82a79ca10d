import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeOf, ReceivedAnswer } from './answer.ts'

test('a refusal means that nothing was done, unless it is one that a deadline made', () => {
  assert.equal(outcomeOf('POST', 201, ''), 'ok')
  for (const status of [400, 404, 409, 422, 429]) {
    assert.equal(outcomeOf('POST', status, ''), 'fail')
  }
  // Frameworks answer 408 for a handler that takes too long, which goes on working.
  assert.equal(outcomeOf('POST', 408, ''), 'info')
})

test('a fault of the server leaves open what happened, unless it says', () => {
  for (const status of [500, 502, 503, 504]) {
    assert.equal(outcomeOf('POST', status, 'oops'), 'info')
  }
  assert.equal(outcomeOf('POST', 503, '{"outcome":"failed"}'), 'fail')
  assert.equal(outcomeOf('POST', 409, '{"error":{"code":"BANYAN_OUTCOME_UNKNOWN"}}'), 'info')
})

test('a refusal of what may have been tried twice is believed only when both tries would meet it', () => {
  for (const method of ['PUT', 'DELETE']) {
    for (const status of [404, 409, 410, 412, 422, 429]) {
      assert.equal(outcomeOf(method, status, ''), 'info', `${method} ${status}`)
    }
    for (const status of [400, 401, 403, 413]) {
      assert.equal(outcomeOf(method, status, ''), 'fail', `${method} ${status}`)
    }
    // The second try's word; nobody heard what became of the first.
    assert.equal(outcomeOf(method, 503, '{"outcome":"failed"}'), 'info')
  }
  // Nobody in between may send these again.
  assert.equal(outcomeOf('PATCH', 404, ''), 'fail')
})

const answerTo = (method: string, status: number, ok: boolean) =>
  new ReceivedAnswer({ method, path: '/x' }, { status, headers: {}, text: '' }, ok)

test('a DELETE that accepts 404 is told that the thing is gone', () => {
  assert.equal(answerTo('DELETE', 404, true).outcome, 'gone')
  assert.equal(answerTo('DELETE', 410, true).expect().outcome, 'gone')
  assert.equal(answerTo('DELETE', 404, false).outcome, 'info')
  assert.equal(answerTo('DELETE', 409, true).outcome, 'info')
  assert.equal(answerTo('PUT', 404, true).outcome, 'info')
  assert.throws(() => answerTo('DELETE', 404, false).expect(), { outcome: 'info' })
})
