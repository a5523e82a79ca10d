import assert from 'node:assert/strict'
import { test } from 'node:test'
import { merge, nothingPending } from './pending.ts'
import { sayDone, sayFiles } from './say-change.ts'

const request = (path: string, more = {}) => ({
  files: [{ path, how: 'changed' as const }],
  migrate: false,
  services: ['web'],
  system: null,
  ...more,
})

test('a change that is overtaken is part of the one that overtakes it', () => {
  const first = merge(nothingPending, request('a.sql', { migrate: true, services: ['mail'] }))
  const both = merge(first, request('web.ts'))
  assert.equal(both.migrate, true)
  assert.deepEqual(both.services, ['mail', 'web'])
  assert.deepEqual(
    both.files.map(({ path }) => path),
    ['web.ts', 'a.sql'],
  )
})

test('all services stay all services, and a file that is saved twice is named once', () => {
  const first = merge(nothingPending, request('web.ts', { services: null }))
  const both = merge(first, request('web.ts'))
  assert.deepEqual([both.services, both.files.length], [null, 1])
})

test('the sentence of a change names the first file and how many others there are', () => {
  const files = ['a.ts', 'b.ts', 'c.ts'].map((path) => ({ path, how: 'changed' as const }))
  assert.equal(sayFiles(files.slice(0, 1)), 'a.ts changed')
  assert.equal(sayFiles(files.slice(0, 2)), 'a.ts and 1 other changed')
  assert.equal(
    sayDone(files, ['web-1', 'mail-1'], 310.4),
    'a.ts and 2 others changed: web-1 and mail-1 restarted in 310 ms.',
  )
  assert.equal(sayDone(files.slice(0, 1), [], 1_240), 'a.ts changed: taken over in 1.2 s.')
})
