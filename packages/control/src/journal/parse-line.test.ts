import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalEntry } from './entry.ts'
import { parseLine } from './parse-line.ts'
import { begun, did, end, lineOf, step, turn } from './test-entries.ts'

const bytes = (text: string) => Buffer.from(text)
const entries: readonly JournalEntry[] = [
  begun('c-1'),
  step('c-1', 1),
  did('c-1', 1),
  turn('c-1'),
  end('c-1'),
]
const parsed = (value: unknown) => parseLine(bytes(JSON.stringify(value))).outcome

test('every kind of line is read as it was written', () => {
  for (const entry of entries) {
    const text = lineOf(entry).trimEnd()
    assert.deepEqual(parseLine(bytes(text)), { outcome: 'read', line: JSON.parse(text) })
  }
})

test('a line without any one of its fields, or with another type in it, is broken', () => {
  for (const entry of entries) {
    const line = JSON.parse(lineOf(entry)) as Record<string, unknown>
    for (const field of Object.keys(line)) {
      const { [field]: _gone, ...rest } = line
      assert.equal(parsed(rest), 'broken', `${entry.kind} without ${field}`)
      assert.equal(parsed({ ...line, [field]: { odd: true } }), 'broken', `${entry.kind}.${field}`)
      assert.equal(parsed({ ...line, [field]: -1 }), 'broken', `${entry.kind}.${field} = -1`)
    }
  }
})

test('what a line says too much is left alone, so that a later version may add a field', () => {
  for (const entry of entries) {
    assert.equal(parsed({ ...JSON.parse(lineOf(entry)), more: 1 }), 'read')
  }
})

test('what is no line of ours is broken: no JSON, no object, no kind, NUL bytes, no UTF-8', () => {
  const texts = ['', ' ', '{', 'null', '[]', '"x"', '7', '{}', '{"format":1}', '\0\0\0']
  for (const text of texts) assert.equal(parseLine(bytes(text)).outcome, 'broken', text)
  for (const kind of ['', 'toString', '__proto__', 'climbs', null, 3]) {
    assert.equal(parsed({ ...JSON.parse(lineOf(begun('c'))), kind }), 'broken', String(kind))
  }
  const latin1 = Buffer.from(lineOf(step('c-1', 1)).replace('finish', 'füge').trimEnd(), 'latin1')
  assert.equal(parseLine(latin1).outcome, 'broken')
})

test('a half line is broken at every byte', () => {
  for (const entry of entries) {
    const whole = bytes(lineOf(entry).trimEnd())
    for (let length = 0; length < whole.length; length += 1) {
      assert.equal(parseLine(whole.subarray(0, length)).outcome, 'broken', `${length} bytes`)
    }
  }
})

test('a line of a later format is said to be newer, whatever else it holds', () => {
  assert.deepEqual(parseLine(bytes('{"format":2}')), { outcome: 'newer', format: 2 })
  assert.equal(parsed({ ...JSON.parse(lineOf(begun('c'))), format: 2, kind: 'new' }), 'newer')
  for (const format of [0, -1, '2', null, 0.5]) {
    assert.equal(parsed({ ...JSON.parse(lineOf(begun('c'))), format }), 'broken', String(format))
  }
})
