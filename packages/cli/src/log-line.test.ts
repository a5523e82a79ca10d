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

test('whatever is no log entry stays as it is', () => {
  for (const line of ['listening', '{"a":1}', '{half', '', '[1]'])
    assert.equal(prettify(line), line)
})
