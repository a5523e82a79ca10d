import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnswerCounts, countAnswer, emptyCounts } from '@banyan/model'
import { type JudgeOptions, judgeTrial } from './judge-trial.ts'
import { type Moment, wholeOf } from './moments.ts'

/** So many answers of 10 ms, and of those the first so many failed, the last so many late. */
function counts(sent: number, failed = 0, late = 0): AnswerCounts {
  const all = emptyCounts()
  for (let n = 0; n < sent; n++) countAnswer(all, n >= sent - late ? 400 : 10, n < failed)
  return all
}

/** Everything comes evenly, where nothing else is said. */
const judge = (old: AnswerCounts, next: AnswerCounts, options: Partial<JudgeOptions> = {}) =>
  judgeTrial(old, next, { moments: evenly(old, next), ...options })

const momentsEach = 8

function evenly(old: AnswerCounts, next: AnswerCounts): Moment[] {
  const until = (count: number, moment: number) => Math.floor((count * moment) / momentsEach)
  const at = ({ sent, failed }: AnswerCounts, moment: number) => ({
    sent: until(sent, moment + 1) - until(sent, moment),
    failed: until(failed, moment + 1) - until(failed, moment),
  })
  return Array.from({ length: momentsEach }, (_, moment) => ({
    old: at(old, moment),
    next: at(next, moment),
  }))
}

const old = counts(2_610)

test('a release that fails plainly more is worse, with the figures of both', () => {
  const { verdict, about, sentence } = judge(old, counts(290, 14))
  assert.deepEqual([verdict, about], ['worse', 'failures'])
  assert.equal(sentence, 'failed 14 of 290 requests (4.8%), the release before 0 of 2,610')
})

test('one failure, or four, are noise', () => {
  for (const failed of [1, 2, 3, 4]) {
    assert.notEqual(judge(old, counts(290, failed)).verdict, 'worse', `${failed} failures`)
    const many = judge(counts(5_400), counts(600, failed))
    assert.equal(many.verdict, 'no-worse', `${failed} failures of 600`)
  }
})

test('failures that the old ones have as well are no reason', () => {
  assert.equal(judge(counts(2_610, 130), counts(290, 15)).verdict, 'unsure')
  assert.equal(judge(counts(13_000, 650), counts(1_450, 75)).verdict, 'no-worse')
  // Also when everything fails: the database is gone, for both, and nobody knows more of the new one.
  const { verdict, sentence, failures } = judge(counts(2_610, 2_610), counts(290, 290))
  assert.deepEqual([verdict, failures], ['unsure', 'unknown'])
  assert.equal(
    sentence,
    'failed 290 of 290 requests (100%), the release before 2,610 of 2,610, which are too few to rule out that it fails 5% more',
  )
})

/** A minute in which each second is of these failures, of 90 answers of the one before and 10 of the new one. */
const minute = (failuresAt: (second: number) => { old: number; next: number }) =>
  Array.from({ length: 60 }, (_, second): Moment => {
    const { old, next } = failuresAt(second)
    return { old: { sent: 90, failed: old }, next: { sent: 10, failed: next } }
  })

const judgeMoments = (moments: readonly Moment[]) => {
  const { old, next } = wholeOf(moments)
  return judge(counts(old.sent, old.failed), counts(next.sent, next.failed), { moments })
}

test('an outage of both does not hide what the new one fails besides', () => {
  const outage = (second: number) => second >= 20 && second < 40
  const failing = minute((second) =>
    outage(second) ? { old: 90, next: 10 } : { old: 0, next: second % 2 },
  )
  const { verdict, sentence } = judgeMoments(failing)
  assert.equal(verdict, 'worse', sentence)
  const fine = minute((second) => (outage(second) ? { old: 90, next: 10 } : { old: 0, next: 0 }))
  assert.equal(judgeMoments(fine).verdict, 'no-worse')
})

test('a release before that always fails a tenth does not hide one that fails more', () => {
  const { verdict, sentence } = judgeMoments(minute(() => ({ old: 9, next: 3 })))
  assert.equal(verdict, 'worse', sentence)
})

test('an outage while the new one gets most of the requests is not its fault', () => {
  const moments = [
    ...minute(() => ({ old: 0, next: 0 })),
    { old: { sent: 10, failed: 10 }, next: { sent: 90, failed: 90 } },
    { old: { sent: 10, failed: 9 }, next: { sent: 90, failed: 84 } },
    { old: { sent: 10, failed: 10 }, next: { sent: 90, failed: 90 } },
    { old: { sent: 10, failed: 10 }, next: { sent: 90, failed: 90 } },
  ]
  const { verdict, sentence } = judgeMoments(moments)
  assert.notEqual(verdict, 'worse', sentence)
})

test('failures of long ago hide nothing, and outages at the beginning accuse nobody', () => {
  const [bad, outage] = [counts(100_000, 20_000), counts(100, 80)]
  assert.equal(judge(counts(270), counts(30, 8), { before: bad }).verdict, 'worse')
  const { verdict, sentence } = judge(outage, counts(10, 8), { before: counts(100_000) })
  assert.notEqual(verdict, 'worse', sentence)
})

test('a release that is slow at its slow end is worse, one request in a hundred is not', () => {
  const { verdict, about, sentence } = judge(old, counts(290, 0, 40))
  assert.deepEqual([verdict, about], ['worse', 'times'])
  assert.match(
    sentence,
    /^took longer than \d+ ms for 40 of 290 requests \(14%\), the release before for 0 of 2,610 \(p99 \d+ ms against 1\d ms\)$/,
  )
  assert.equal(judge(old, counts(290, 0, 5)).verdict, 'no-worse')
})

test('slowness that only one half shows is no reason: it was cold', () => {
  const [bad, good] = [counts(100, 0, 20), counts(190)]
  for (const halves of [
    [bad, good],
    [good, bad],
  ]) {
    assert.equal(judge(old, counts(290, 0, 20), { halves }).verdict, 'no-worse')
  }
  const both = [counts(145, 0, 10), counts(145, 0, 10)]
  assert.equal(judge(old, counts(290, 0, 20), { halves: both }).verdict, 'worse')
})

test('failures of one moment are no reason, those that go on are', () => {
  const stumbled = minute((second) => ({ old: 0, next: second > 40 && second < 45 ? 7 : 0 }))
  const { verdict, failures } = judgeMoments(stumbled)
  assert.deepEqual([verdict, failures], ['unsure', 'ruled-out'])
  assert.equal(judgeMoments(minute((second) => ({ old: 0, next: second % 2 }))).verdict, 'worse')
})

test('what looks bad and may be chance is unsure, and says so', () => {
  const { verdict, sentence } = judge(counts(300), counts(300, 9))
  assert.equal(verdict, 'unsure')
  assert.equal(
    sentence,
    'failed 9 of 300 requests (3.0%), the release before 0 of 300, which may be chance',
  )
})

test('too few requests are unsure, but a handful of nothing but failures is not', () => {
  const { verdict, sentence } = judge(counts(90), counts(8))
  assert.equal(verdict, 'unsure')
  assert.equal(
    sentence,
    'answered 8 requests and the release before 90, which are too few to compare',
  )
  assert.equal(judge(counts(90), counts(8, 8)).verdict, 'worse')
  assert.equal(judge(emptyCounts(), emptyCounts()).verdict, 'unsure')
})
