import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { lateAfter } from './late-after.ts'

/** Nothing else is done meanwhile: so it is for a process that gets no processor, or collects garbage. */
function standStill(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

test('what takes too long is told once', async () => {
  let late = 0
  await new Promise<void>((resolve) => {
    lateAfter(5, () => {
      late += 1
      resolve()
    })
  })
  await sleep(20)
  assert.equal(late, 1)
})

test('what was ended is told nothing', async () => {
  let late = 0
  lateAfter(5, () => (late += 1))()
  await sleep(40)
  assert.equal(late, 0)
})

test('an answer that has arrived while the process stood still is in time', async (context) => {
  const { port1, port2 } = new MessageChannel()
  context.after(() => port1.close())
  let late = 0
  // Timers are what comes next, and then what has arrived.
  await new Promise(setImmediate)
  port1.postMessage('answer')
  const end = lateAfter(20, () => (late += 1))
  const answered = new Promise<void>((resolve) => {
    port2.on('message', () => {
      end()
      resolve()
    })
  })
  standStill(50)
  await answered
  await new Promise(setImmediate)
  assert.equal(late, 0)
})
