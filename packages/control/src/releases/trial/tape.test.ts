import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countAnswer, countBeyond, emptyCounts } from '@banyan/model'
import { decide } from './decide.ts'
import { Tape } from './tape.ts'
import { watchedOn } from './watched.ts'

function look(times: readonly number[], inFlight = 0, failed = 0) {
  const answers = emptyCounts()
  for (const [at, ms] of times.entries()) countAnswer(answers, ms, at < failed)
  return new Map([['gateway-1', { answers, inFlight }]])
}

test('what was counted before the first look is left out', () => {
  const tape = new Tape()
  tape.note(0, look([5, 5, 5], 0, 3))
  tape.note(250, look([5, 5, 5, 90], 0, 3))
  const { sent, failed } = tape.since(0)
  assert.deepEqual([sent, failed], [1, 0])
  assert.equal(tape.since(100).sent, 0, 'there is no look from which it could be told')
})

test('a process that began anew is counted from its beginning', () => {
  const tape = new Tape()
  tape.note(0, look([5, 5, 5]))
  tape.note(250, look([5, 5, 5, 5]))
  tape.note(500, look([7, 7]))
  assert.equal(tape.since(0).sent, 3)
})

test('a place that gives no answer for once loses nothing', () => {
  const tape = new Tape()
  tape.note(0, look([5]))
  tape.note(250, new Map())
  tape.note(500, look([5, 5, 5]))
  assert.equal(tape.since(0).sent, 2)
})

test('requests that never end are slow ones, before anybody has their answer', () => {
  const tape = new Tape()
  for (let atMs = 0; atMs <= 6_000; atMs += 250) tape.note(atMs, look([], atMs / 50))
  const { waiting } = tape
  assert.equal(countBeyond(waiting, 4_500), 20)
  assert.equal(countBeyond(waiting, 1_800), 80)
  assert.equal(waiting.sent, 80)
})

test('many requests under way are not slow ones when others have begun since', () => {
  const tape = new Tape()
  const answered: number[] = []
  for (let atMs = 0; atMs <= 6_000; atMs += 250) {
    tape.note(atMs, look(answered, 30))
    for (let n = 0; n < 10; n++) answered.push(700)
  }
  assert.equal(tape.waiting.sent, 0)
})

/** What becomes of a release of which a part of the requests hangs. */
function tryHanging(part: number) {
  const [old, next] = [new Tape(), new Tape()]
  let [oldTimes, nextTimes, hanging] = [[] as number[], [] as number[], 0]
  for (let atMs = 0; ; atMs += 250) {
    old.note(atMs, look(oldTimes, 3))
    next.note(atMs, look(nextTimes, 1 + Math.floor(hanging)))
    const decision = decide(watchedOn(old, next, atMs))
    if (decision.end !== 'not-yet') return { ...decision, atMs }
    oldTimes = [...oldTimes, ...Array.from({ length: 68 }, () => 8)]
    nextTimes = [...nextTimes, ...Array.from({ length: Math.round(8 * (1 - part)) }, () => 8)]
    hanging += 8 * part
  }
}

for (const part of [1, 0.25]) {
  test(`a release of which ${part * 100}% of the requests hang is worse, though nobody got an answer`, () => {
    const { end, sentence, atMs } = tryHanging(part)
    assert.equal(end, 'worse', sentence)
    assert.ok(atMs < 12_000, `${atMs} ms`)
  })
}

test('a release that hangs no request is none', () => {
  assert.equal(tryHanging(0).end, 'passed')
})

test('a release of which nobody tells anything is not one that nobody asks', () => {
  const [old, next] = [new Tape(), new Tape()]
  for (let atMs = 0; atMs <= 20_000; atMs += 250) {
    old.note(atMs, look(Array.from({ length: atMs / 50 }, () => 5)))
    next.note(atMs, new Map())
    const { end, sentence } = decide(watchedOn(old, next, atMs))
    assert.equal(end, 'not-yet', sentence)
  }
})

test('moments end where both were heard, so that what comes late is no excess', () => {
  const [old, next] = [new Tape(), new Tape()]
  const times = (count: number) => Array.from({ length: count }, () => 5)
  for (let second = 0; second <= 12; second++) {
    const count = 10 * second
    next.note(second * 1_000, look(times(count)))
    // The old one is too busy to tell in every other second.
    old.note(second * 1_000, second % 2 === 0 ? look(times(9 * count)) : new Map())
  }
  const { moments, heardMs } = watchedOn(old, next, 12_000)
  assert.equal(heardMs, 10_000)
  assert.deepEqual(
    moments.map(({ old, next }) => [old.sent, next.sent]),
    Array.from({ length: 5 }, () => [180, 20]),
  )
})
