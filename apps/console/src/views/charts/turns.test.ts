import assert from 'node:assert/strict'
import { test } from 'node:test'
import { turns } from './turns.ts'

const never = new AbortController().signal

test('only so many go at once, and all of them go', async () => {
  const turn = turns(2)
  let running = 0
  let most = 0
  const done: number[] = []
  const act = (name: number) => async () => {
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    done.push(name)
  }
  await Promise.all([1, 2, 3, 4, 5].map((name) => turn(act(name), never)))
  assert.equal(most, 2)
  assert.deepEqual(done, [1, 2, 3, 4, 5])
})

test('whoever fails, or is not wanted any more, makes room', async () => {
  const turn = turns(1)
  const broken = turn(() => Promise.reject(new Error('broken')), never)
  const unwanted = turn(() => Promise.resolve('asked'), AbortSignal.abort())
  const last = turn(() => Promise.resolve('answered'), never)
  await assert.rejects(broken, /broken/)
  await assert.rejects(unwanted, { name: 'AbortError' })
  assert.equal(await last, 'answered')
})
