import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLine } from './parse-line.ts'
import { redactor } from './redact.ts'

const parse = (text: string, lengthMax = 1_000) =>
  parseLine(text, { redact: redactor([]), lengthMax })

test("pino's lines are understood, with levels by word and by number, and times in both ways", () => {
  const time = Date.parse('2026-11-22T00:01:04.006Z')
  const line = parse(
    '{"level":"warn","time":"2026-11-22T00:01:04.006Z","msg":"late","trace_id":"4bf9","ms":3}',
  )
  assert.deepEqual(line, {
    at: time,
    level: 'warn',
    message: 'late',
    trace: '4bf9',
    fields: { ms: 3 },
  })
  const other = parse(`{"level":50,"time":${time},"msg":"x"}`)
  assert.deepEqual([other.level, other.at], ['error', time])
})

test("PostgreSQL's own lines are understood, with the user where there is one", () => {
  const line = parse('2026-11-22 00:01:04.006 UTC [77] app@notes ERROR:  no such "thing"')
  assert.equal(line.at, Date.parse('2026-11-22T00:01:04.006Z'))
  assert.equal(line.level, 'error')
  assert.equal(line.message, 'no such "thing"')
  assert.deepEqual(line.fields, { pid: 77, user: 'app@notes', severity: 'ERROR' })
  assert.equal(parse('2026-11-22 00:01:04.006 UTC [77] LOG:  ready').level, 'info')
})

test("HAProxy's and Prometheus' lines are understood", () => {
  const line = parse('[ALERT]    (31) : [haproxy.main()] Cannot open it')
  assert.deepEqual([line.level, line.message], ['error', '[haproxy.main()] Cannot open it'])
  const go = parse('ts=2026-11-22T00:01:04.006Z caller=main.go:1 level=warn msg="late"')
  assert.deepEqual([go.level, go.at], ['warn', Date.parse('2026-11-22T00:01:04.006Z')])
})

test('whatever it is, it is a line', () => {
  for (const text of [
    '{"broken',
    '[]',
    '{}',
    'null',
    '\u0000',
    '{"msg":{"a":1}}',
    '{"time":1e300}',
  ])
    assert.equal(typeof parse(text).message, 'string')
  assert.equal(parse('Error: something broke').level, 'error')
})

test('what is too long is cut, once no secret is left in it', () => {
  const long = parse(`${'x'.repeat(990)} postgres://a:hunter2@b ${'y'.repeat(900)}`)
  assert.ok(long.message.length <= 1_001)
  assert.doesNotMatch(long.message, /hunter/)
  assert.deepEqual(parse(JSON.stringify({ msg: 'm', more: 'z'.repeat(2_000) })).fields, {
    cut: true,
  })
})
