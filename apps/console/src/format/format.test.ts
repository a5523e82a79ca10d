import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatBytes } from './bytes.ts'
import { formatElapsed, formatMs, formatOffset, formatSeconds } from './duration.ts'
import { formatCount, formatNumber, formatRate, formatRatio, formatShortRate } from './number.ts'
import {
  formatClock,
  formatClockSeconds,
  formatMoment,
  formatWindow,
  fromField,
  toField,
} from './time.ts'

describe('what is not known', () => {
  it('is never written as a zero', () => {
    for (const format of [
      formatNumber,
      formatCount,
      formatRate,
      formatRatio,
      formatBytes,
      formatMs,
    ])
      for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY])
        assert.equal(format(value), '–')
  })
})

describe('numbers', () => {
  it('have three digits that mean something, and all of those before the point', () => {
    assert.equal(formatNumber(0.012345), '0.0123')
    assert.equal(formatNumber(12.345), '12.3')
    assert.equal(formatNumber(1234.5), '1,235')
    assert.equal(formatNumber(0), '0')
  })

  it('say their unit', () => {
    assert.equal(formatRate(1234), '1,234/s')
    assert.equal(formatRatio(0.5), '50%')
    assert.equal(formatCount(1234567), '1,234,567')
  })

  it('are short where there is little room', () => {
    assert.equal(formatShortRate(0), '0/s')
    assert.equal(formatShortRate(0.433), '0.4/s')
    assert.equal(formatShortRate(433.3), '433/s')
    assert.equal(formatShortRate(12_440), '12.4K/s')
    assert.equal(formatShortRate(1_240_000), '1.24M/s')
  })
})

describe('sizes', () => {
  it('are in powers of 1,024', () => {
    assert.equal(formatBytes(0), '0 B')
    assert.equal(formatBytes(1023), '1,023 B')
    assert.equal(formatBytes(1536), '1.5 KiB')
    assert.equal(formatBytes(1024 ** 3), '1 GiB')
  })

  it('are never 1,024 of a unit', () => {
    assert.equal(formatBytes(1024 * 1024 - 1), '1 MiB')
  })
})

describe('durations', () => {
  it('take the unit that fits', () => {
    assert.equal(formatMs(0.042), '42 µs')
    assert.equal(formatMs(0.42), '0.42 ms')
    assert.equal(formatMs(999.6), '1 s')
    assert.equal(formatMs(1234), '1.23 s')
    assert.equal(formatMs(90_000), '1 min 30 s')
    assert.equal(formatMs(7_200_000), '2 h')
    assert.equal(formatMs(90_000_000), '1 d 1 h')
    assert.equal(formatSeconds(0.25), '250 ms')
  })

  it('that run on go by whole seconds', () => {
    assert.equal(formatElapsed(-1), '0:00')
    assert.equal(formatElapsed(64_900), '1:04')
  })

  it('keep their sign', () => {
    assert.equal(formatMs(-5), '−5 ms')
    assert.equal(formatOffset(-0.5), '−0.50 ms')
    assert.equal(formatOffset(1234.567), '+1,234.57 ms')
  })
})

describe('moments', () => {
  const noon = new Date(2026, 0, 31, 12, 0, 1, 200).getTime()

  it('say the day only where it is not today', () => {
    assert.equal(formatClock(noon), '12:00:01.200')
    assert.equal(formatClockSeconds(new Date(noon).toISOString()), '12:00:01')
    assert.equal(formatMoment(noon, noon), '12:00:01.200')
    assert.equal(formatMoment(noon - 86_400_000, noon), '2026-01-30 12:00:01.200')
    assert.equal(formatWindow(noon, noon + 60_000, noon), '12:00:01 – 12:01:01')
  })

  it('go into a field and come back', () => {
    assert.equal(fromField(toField(noon)), noon - 200)
    assert.equal(fromField(''), undefined)
  })
})
