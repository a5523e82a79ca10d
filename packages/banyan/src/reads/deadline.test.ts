import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Deadline } from './deadline.ts'

test('what takes too long is told once', async () => {
  const deadline = new Deadline(20)
  let late = 0
  await new Promise<void>((resolve) => {
    deadline.begin(() => {
      late += 1
      resolve()
    })
  })
  await sleep(50)
  assert.equal(late, 1)
})

test('what was done in time is told nothing, nor is what came after it told too soon', async () => {
  const deadline = new Deadline(100)
  const late: string[] = []
  deadline.begin(() => late.push('first'))
  await sleep(60)
  deadline.end()
  deadline.begin(() => late.push('second'))
  await sleep(60)
  assert.deepEqual(late, [])
  await sleep(100)
  assert.deepEqual(late, ['second'])
})
