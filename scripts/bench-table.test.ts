import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withTable } from './bench-table.ts'

const surroundings = {
  date: '2026-01-02T03:04:05Z',
  hardware: { cpu: 'Abacus', cores: 2, memoryMb: 24_576 },
  versions: { node: 'v24.0.0', postgres: '18.4' },
}
const readme = '# Title\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nrest\n'

test('the table replaces what stands between the markers, and only that', () => {
  const results = new Map([['memory-single', { ...surroundings, aloneMb: 251.43 }]])
  const text = withTable(readme, results)
  assert.match(text, /^# Title\n<!-- bench:begin -->\n\n\| what \| measured \| aim \|/)
  assert.match(text, /\| An idle `single` .* \| 251 MB \| ≤ 300 MB \|/)
  assert.match(
    text,
    /Measured on Abacus, 2 cores, 24 GB, Node v24\.0\.0, PostgreSQL 18\.4, 2026-01-02\./,
  )
  assert.match(text, /<!-- bench:end -->\nrest\n$/)
  assert.doesNotMatch(text, /old/)
  assert.equal(withTable(text, results), text)
})

test('a figure that was not measured has no row', () => {
  const text = withTable(readme, new Map([['memory-single', surroundings]]))
  assert.equal(text, '# Title\n<!-- bench:begin -->\n<!-- bench:end -->\nrest\n')
})

test('a text without the markers is refused', () => {
  assert.throws(() => withTable('# Title\n', new Map()), /bench:begin/)
})
