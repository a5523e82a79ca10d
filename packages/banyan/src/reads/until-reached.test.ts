import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import type { Mark } from './position.ts'
import { type Reaching, untilReached } from './until-reached.ts'

const mark: Mark = { term: 1, lsn: 100n }

/** A replica that gets there when it is told to. */
class Replica implements Reaching {
  missedMarks = 0
  arrive: () => void = () => {}

  hasReached(): boolean {
    return false
  }

  until(_mark: Mark, reached: () => void): () => void {
    this.arrive = reached
    return () => {
      this.arrive = () => {}
    }
  }

  missed(): void {
    this.missedMarks += 1
  }
}

const wait = (replicas: readonly Replica[], timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => untilReached(replicas, mark, timeoutMs, resolve))

test('one replica that gets there is enough', async () => {
  const [first, second] = [new Replica(), new Replica()]
  const reached = wait([first, second], 10_000)
  first.arrive()
  assert.equal(await reached, true)
  assert.equal(first.missedMarks + second.missedMarks, 0)
})

test('where none gets there in time all are remembered as behind', async () => {
  const [first, second] = [new Replica(), new Replica()]
  assert.equal(await wait([first, second], 5), false)
  assert.deepEqual([first.missedMarks, second.missedMarks], [1, 1])
})

test('an answer that has arrived while the process stood still counts', async (context) => {
  const replica = new Replica()
  const { port1, port2 } = new MessageChannel()
  context.after(() => port1.close())
  port2.on('message', () => replica.arrive())
  // Timers are what comes next, and then what has arrived.
  await new Promise(setImmediate)
  port1.postMessage('there')
  const reached = wait([replica], 10)
  const untilMs = performance.now() + 30
  while (performance.now() < untilMs);
  assert.equal(await reached, true)
  assert.equal(replica.missedMarks, 0)
})
