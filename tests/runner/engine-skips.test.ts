import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Engine } from '../../scripts/engines.ts'
import { engineSkipsAsFailures, withoutEngines } from './engine-skips.ts'

const engine: Engine = {
  name: 'Fancy',
  suites: '.fancy.test.ts',
  debianPackages: ['fancy'],
  command: 'apt-get install fancy',
  find: async () => null,
}

test('suites of a missing engine are skipped by name with the command that installs it', () => {
  const files = ['a.test.ts', 'b.fancy.test.ts']
  assert.deepEqual(withoutEngines(files, [engine]), {
    runnable: ['a.test.ts'],
    skips: [{ path: ['b.fancy.test.ts'], reason: 'needs Fancy: apt-get install fancy' }],
  })
})

test('nothing is skipped when every engine is there', () => {
  assert.deepEqual(withoutEngines(['b.fancy.test.ts'], []).skips, [])
})

test('in CI a skip for want of an engine is a failure, any other skip is not', () => {
  const other = { path: ['c'], reason: 'there is no ../shared/realworld' }
  const wanting = { path: ['b'], reason: 'needs Fancy: apt-get install fancy' }
  const result = { name: 'unit', passed: 1, failures: [], skips: [wanting, other], ms: 1 }
  const strict = engineSkipsAsFailures(result)
  assert.deepEqual(strict.skips, [other])
  assert.equal(strict.failures[0]?.text, 'Skipped in CI: needs Fancy: apt-get install fancy')
})
