import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { idleSinceLast } from './idle.ts'
import { Lanes } from './lanes.ts'

test('no more is done at once than there are lanes, and what fails leaves its lane', async () => {
  const lanes = new Lanes(2)
  let now = 0
  let most = 0
  const work = async (number: number) => {
    most = Math.max(most, ++now)
    for (let turn = 0; turn < 3; turn++) await nextTurn()
    now--
    if (number === 1) throw new Error('one')
    return number
  }
  const all = [0, 1, 2, 3, 4].map((number) => lanes.run(() => work(number)))
  const results = await Promise.allSettled(all)
  assert.equal(most, 2)
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  )
})

test('a lane is opened while processors are idle, and taken back once they are not', async () => {
  let idle = 0.5
  const lanes = new Lanes(1, { lanes: 1, idle: () => idle })
  const ends: (() => void)[] = []
  const start = () => lanes.run(async () => await new Promise<void>((end) => ends.push(end)))
  const all = [start(), start(), start(), start()]
  assert.equal(ends.length, 1)
  lanes.look()
  lanes.look()
  await nextTurn()
  assert.equal(ends.length, 2, 'one more, and not two')
  idle = 0
  lanes.look()
  ends[0]?.()
  await nextTurn()
  assert.equal(ends.length, 2, 'its lane is gone')
  ends[1]?.()
  await nextTurn()
  assert.equal(ends.length, 3)
  ends[2]?.()
  await nextTurn()
  ends[3]?.()
  await Promise.all(all)
})

test('idle is what was idle since it was asked last', () => {
  const times = [
    { idle: 0, all: 100 },
    { idle: 30, all: 200 },
    { idle: 30, all: 300 },
  ]
  const idle = idleSinceLast(() => times.shift() ?? { idle: 30, all: 300 })
  assert.deepEqual([idle(), idle(), idle()], [0.3, 0, 0])
})
