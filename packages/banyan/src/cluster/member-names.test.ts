import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memberNameAt, noteMembers } from './member-names.ts'

test('a member is called by its name, also at the place of one that is gone; any other by its place', () => {
  noteMembers([{ name: 'db-1', host: '127.0.0.1', port: 5_432 }])
  assert.equal(memberNameAt('127.0.0.1', 5_432), 'db-1')
  assert.equal(memberNameAt('127.0.0.1', 6_432), '127.0.0.1:6432')
  noteMembers([{ name: 'db-3', host: '127.0.0.1', port: 5_432 }])
  assert.equal(memberNameAt('127.0.0.1', 5_432), 'db-3')
})
