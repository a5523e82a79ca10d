import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { printRange, type Range, ranges, readRange } from './range.ts'
import { momentsOf, stepFor, windowOf } from './window.ts'

const now = 1_800_000_000_123

describe('the step of a chart', () => {
  it('is a second for five minutes on a wide page', () => {
    assert.equal(stepFor({ lengthMs: 300_000, pixels: 600, ageMs: 300_000 }), 1000)
  })

  it('never gives more points than pixels, whatever the range and the width', () => {
    for (const { ms, name } of ranges)
      for (const pixels of [120, 250, 390, 800, 2000]) {
        const window = windowOf({ kind: 'live', name }, now, pixels)
        assert.ok(momentsOf(window).length <= pixels, `${name} at ${pixels}`)
        assert.ok(Math.abs(window.to - window.from - ms) <= window.stepMs)
      }
  })

  it('is never finer than what is kept of an hour ago', () => {
    assert.equal(stepFor({ lengthMs: 60_000, pixels: 600, ageMs: 2 * 3_600_000 }), 10_000)
    assert.equal(stepFor({ lengthMs: 60_000, pixels: 600, ageMs: 60_000 }), 1000)
  })
})

describe('a window', () => {
  it('begins and ends with whole steps, so that a point stays the same while it moves on', () => {
    const { from, to, stepMs } = windowOf({ kind: 'live', name: '1h' }, now, 500)
    assert.equal(from % stepMs, 0)
    assert.equal(to % stepMs, 0)
  })

  it('of a live range leaves out what has not settled', () => {
    const { to } = windowOf({ kind: 'live', name: '5m' }, now, 600)
    assert.ok(now - to >= 1200)
    assert.ok(now - to < 3000)
  })

  it('of a zoom holds all of what was chosen', () => {
    const range: Range = { kind: 'fixed', from: now - 61_500, to: now - 1_500 }
    const { to } = windowOf(range, now, 600)
    assert.ok(to >= range.to)
  })

  it('has a moment for each step', () => {
    assert.deepEqual(momentsOf({ from: 10_000, to: 13_000, stepMs: 1000 }), [10, 11, 12])
  })
})

describe('a range in an address', () => {
  it('comes back as it was', () => {
    for (const range of [
      { kind: 'live', name: '6h' },
      { kind: 'fixed', from: 1000, to: 5000 },
    ] satisfies Range[])
      assert.deepEqual(readRange(new URLSearchParams(printRange(range))), range)
  })

  it('that makes no sense is the last five minutes', () => {
    for (const text of ['', 'range=2y', 'from=5&to=1', 'from=x&to=y'])
      assert.deepEqual(readRange(new URLSearchParams(text)), { kind: 'live', name: '5m' })
  })
})
