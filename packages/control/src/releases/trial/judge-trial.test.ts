import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnswerCounts, countAnswer, emptyCounts } from '@banyan/model'
import { judgeTrial } from './judge-trial.ts'

/** So many answers of 10 ms, and of those the first so many failed, the last so many late. */
function counts(sent: number, failed = 0, late = 0): AnswerCounts {
  const all = emptyCounts()
  for (let n = 0; n < sent; n++) countAnswer(all, n >= sent - late ? 400 : 10, n < failed)
  return all
}

const old = counts(2_610)

test('a release that fails plainly more is worse, with the figures of both', () => {
  const { verdict, about, sentence } = judgeTrial(old, counts(290, 14))
  assert.deepEqual([verdict, about], ['worse', 'failures'])
  assert.equal(sentence, 'failed 14 of 290 requests (4.8%), the release before 0 of 2,610')
})

test('one failure, or four, are noise', () => {
  for (const failed of [1, 2, 3, 4]) {
    assert.equal(judgeTrial(old, counts(290, failed)).verdict, 'no-worse', `${failed} failures`)
  }
})

test('failures that the old ones have as well are no reason', () => {
  assert.equal(judgeTrial(counts(2_610, 130), counts(290, 15)).verdict, 'no-worse')
  // Also when everything fails: the database is gone, for both.
  assert.equal(judgeTrial(counts(2_610, 2_610), counts(290, 290)).verdict, 'no-worse')
})

test('a release that is slow at its slow end is worse, one request in a hundred is not', () => {
  const { verdict, about, sentence } = judgeTrial(old, counts(290, 0, 40))
  assert.deepEqual([verdict, about], ['worse', 'times'])
  assert.match(
    sentence,
    /^took longer than \d+ ms for 40 of 290 requests \(14%\), the release before for 0 of 2,610 \(p99 \d+ ms against 1\d ms\)$/,
  )
  assert.equal(judgeTrial(old, counts(290, 0, 5)).verdict, 'no-worse')
})

test('what only one half shows is no reason: it was cold, or it stumbled', () => {
  const bad = counts(100, 20, 20)
  const good = counts(190)
  const next = counts(290, 20, 20)
  for (const halves of [
    [bad, good],
    [good, bad],
  ]) {
    assert.equal(judgeTrial(old, next, { halves }).verdict, 'unsure')
  }
  const both = [counts(145, 10), counts(145, 10)]
  assert.equal(judgeTrial(old, counts(290, 20), { halves: both }).verdict, 'worse')
})

test('what looks bad and may be chance is unsure, and says so', () => {
  const { verdict, sentence } = judgeTrial(counts(300), counts(300, 9))
  assert.equal(verdict, 'unsure')
  assert.equal(
    sentence,
    'failed 9 of 300 requests (3.0%), the release before 0 of 300, which may be chance',
  )
})

test('too few requests are unsure, but a handful of nothing but failures is not', () => {
  const { verdict, sentence } = judgeTrial(counts(90), counts(8))
  assert.equal(verdict, 'unsure')
  assert.equal(
    sentence,
    'answered 8 requests and the release before 90, which are too few to compare',
  )
  assert.equal(judgeTrial(counts(90), counts(8, 8)).verdict, 'worse')
  assert.equal(judgeTrial(emptyCounts(), emptyCounts()).verdict, 'unsure')
})
