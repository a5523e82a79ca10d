import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOwnFault } from './own-fault.ts'

test('what this machine lacks is no fault of a server', () => {
  assert.equal(isOwnFault(Object.assign(new Error(), { code: 'EMFILE' })), true)
  assert.equal(isOwnFault(Object.assign(new Error(), { code: 'ECONNREFUSED' })), false)
  assert.equal(isOwnFault(new Error()), false)
  assert.equal(isOwnFault(null), false)
})
