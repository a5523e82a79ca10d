import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addUp, alignedTo, carryOn, keyOf, newest } from './series.ts'

const answer = (values: (number | null)[], node = 'web-1') => ({
  stepMs: 1000,
  series: [{ labels: { node }, values }],
})

describe('labels', () => {
  it('have one key whatever their order', () => {
    assert.equal(keyOf({ b: '2', a: '1' }), keyOf({ a: '1', b: '2' }))
  })
})

describe('a sum of series', () => {
  it('is unknown only where all are', () => {
    const series = [
      { labels: {}, values: [1, null, null] },
      { labels: {}, values: [2, 3, null] },
    ]
    assert.deepEqual(addUp(series), [3, 3, null])
  })
})

describe('the newest value', () => {
  it('says how old it is', () => {
    assert.deepEqual(newest([1, 2, null, null]), { value: 2, age: 2 })
    assert.equal(newest([null]), null)
  })
})

describe('a window that goes on', () => {
  const old = { window: { from: 0, to: 4000, stepMs: 1000 }, answer: answer([1, 2, 3, 4]) }
  const window = { from: 2000, to: 6000, stepMs: 1000 }

  it('keeps what it has and takes what is new, which corrects what was there', () => {
    const newer = { window: { from: 3000, to: 6000, stepMs: 1000 }, answer: answer([40, 5, 6]) }
    assert.deepEqual(carryOn(old, newer, window), answer([3, 40, 5, 6]))
  })

  it('leaves a gap where the newer answer knows nothing', () => {
    const newer = {
      window: { from: 3000, to: 6000, stepMs: 1000 },
      answer: answer([null, null, 6]),
    }
    assert.deepEqual(carryOn(old, newer, window), answer([3, null, null, 6]))
  })

  it('lets a series go of which nothing is left, and takes up a new one', () => {
    const newer = {
      window: { from: 2000, to: 6000, stepMs: 1000 },
      answer: answer([null, 1, 1, 1], 'web-2'),
    }
    assert.deepEqual(carryOn(old, newer, window), answer([null, 1, 1, 1], 'web-2'))
  })
})

describe('answers on one chart', () => {
  const known = { window: { from: 0, to: 3000, stepMs: 1000 }, answer: answer([1, 2, 3]) }

  it('stand at their own moments, also where one of them came a second before the other', () => {
    assert.deepEqual(alignedTo(known, { from: 1000, to: 4000, stepMs: 1000 })?.series[0]?.values, [
      2,
      3,
      null,
    ])
    assert.equal(alignedTo(known, known.window), known.answer)
  })

  it('are left out while they are of another step', () => {
    assert.equal(alignedTo(known, { from: 0, to: 6000, stepMs: 2000 }), undefined)
  })
})
