import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prettify } from './log-line.ts'

test('a log entry becomes a line with time, level, message and what else it says', () => {
  const time = new Date(2026, 0, 2, 3, 4, 5).toISOString()
  const line = JSON.stringify({ level: 'warn', time, pid: 1, node: 'web-1', msg: 'slow', ms: 12 })
  assert.equal(prettify(line), '03:04:05 WARN  slow ms=12')
})

test("pino's numbers are levels as well", () => {
  assert.equal(prettify('{"level":50,"msg":"broken"}'), 'ERROR broken')
})

test('an error is told in lines: what, the mend, where in the app, and why', () => {
  const stack = `BanyanError: lost
    at explain (file:///app/node_modules/banyan/dist/shard.js:1:2)
    at async Array.<anonymous> (file:///app/src/app.ts:36:18)
    at node:internal/process/task_queues:104:5`
  const err = { message: 'lost', code: 'BANYAN_X', hint: 'Look.', stack, cause: { message: 'why' } }
  assert.equal(
    prettify(JSON.stringify({ level: 50, msg: 'failed', status: 500, err })),
    [
      'ERROR failed status=500',
      '  lost BANYAN_X',
      '  Look.',
      '    at async Array.<anonymous> (file:///app/src/app.ts:36:18)',
      '  because: why',
    ].join('\n'),
  )
})

test('whatever is no log entry stays as it is', () => {
  for (const line of ['listening', '{"a":1}', '{half', '', '[1]'])
    assert.equal(prettify(line), line)
})
