import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Waker } from './waker.ts'

/** A clock that stands still until it is told to go on. */
function still() {
  const begun: number[] = []
  const over: boolean[] = []
  let goOn = () => {}
  const waker = new Waker(async (milliseconds, signal) => {
    begun.push(milliseconds)
    signal.addEventListener('abort', () => over.push(true))
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
  })
  return { waker, begun, over, goOn: () => goOn() }
}

test('a rest lasts until its time is over', async () => {
  const { waker, begun, goOn } = still()
  const rest = waker.rest(250)
  goOn()
  await rest
  assert.deepEqual(begun, [250])
})

test('a rest ends when somebody wakes it, and its time is waited for no more', async () => {
  const { waker, over } = still()
  const rest = waker.rest(250)
  waker.wake()
  await rest
  assert.deepEqual(over, [true])
})

test('who was woken just before does not rest, once', async () => {
  const { waker, begun, goOn } = still()
  waker.wake()
  await waker.rest(250)
  assert.deepEqual(begun, [])
  const rest = waker.rest(100)
  goOn()
  await rest
  assert.deepEqual(begun, [100])
})

test('no time is no rest', async () => {
  const { waker, begun } = still()
  await waker.rest(0)
  assert.deepEqual(begun, [])
})

test('real time passes by itself', async () => {
  await new Waker().rest(1)
})
