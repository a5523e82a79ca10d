import assert from 'node:assert/strict'
import { it } from 'node:test'
import { onStop, runStopHooks } from './lifecycle.ts'

it('runs every hook once, the last first, and collects what fails', async () => {
  const ran: string[] = []
  onStop(() => void ran.push('first'))
  onStop(async () => {
    ran.push('second')
    throw new Error('second')
  })
  const forget = onStop(() => void ran.push('forgotten'))
  forget()
  onStop(async () => void ran.push('third'))
  const failures = await runStopHooks()
  assert.deepEqual(ran, ['third', 'second', 'first'])
  assert.equal(failures.length, 1)
  assert.deepEqual(await runStopHooks(), [])
})
