import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isInDoubt } from './in-doubt.ts'

it('a commit whose wait for a replica was called off is in doubt, in any language', () => {
  const message = 'canceling wait for synchronous replication due to user request'
  assert.ok(isInDoubt({ message }))
  assert.ok(
    isInDoubt({ message: 'canceling the wait for synchronous replication and terminating' }),
  )
  assert.ok(isInDoubt({ message: 'Warten abgebrochen', routine: 'SyncRepWaitForLSN' }))
})

it('other warnings are not', () => {
  assert.ok(!isInDoubt({ message: 'there is no transaction in progress' }))
  assert.ok(!isInDoubt({}))
})
