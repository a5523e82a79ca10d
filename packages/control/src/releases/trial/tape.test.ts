import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countAnswer, countBeyond, emptyCounts } from '@banyan/model'
import { Tape } from './tape.ts'

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
  const counts = tape.since(0)
  assert.equal(countBeyond(counts, 4_500), 20)
  assert.equal(countBeyond(counts, 1_800), 80)
  assert.equal(countBeyond(counts, 900), 100)
})

test('many requests under way are not slow ones when others have begun since', () => {
  const tape = new Tape()
  const answered: number[] = []
  for (let atMs = 0; atMs <= 6_000; atMs += 250) {
    tape.note(atMs, look(answered, 30))
    for (let n = 0; n < 10; n++) answered.push(700)
  }
  assert.equal(countBeyond(tape.since(0), 900), 0)
})
