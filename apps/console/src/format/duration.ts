import { formatNumber, unknown } from './number.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Two units, the smaller one left out where it is nothing. */
const pair = (ms: number, large: number, largeUnit: string, small: number, smallUnit: string) => {
  const first = Math.floor(ms / large)
  const second = Math.floor((ms - first * large) / small)
  return second === 0 ? `${first} ${largeUnit}` : `${first} ${largeUnit} ${second} ${smallUnit}`
}

/**
 * How long something took.
 *
 * @example
 * formatMs(0.42) // '0.42 ms'
 * formatMs(1234) // '1.23 s'
 * formatMs(90_000) // '1 min 30 s'
 */
export const formatMs = (ms: number | null | undefined): string => {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return unknown
  if (ms < 0) return `−${formatMs(-ms)}`
  if (ms === 0) return '0 ms'
  if (ms < 0.001) return '< 1 µs'
  if (ms < 0.1) return `${formatNumber(ms * 1000)} µs`
  if (ms < 999.5) return `${formatNumber(ms)} ms`
  if (ms < minute) return `${formatNumber(ms / 1000)} s`
  if (ms < hour) return pair(ms, minute, 'min', 1000, 's')
  if (ms < day) return pair(ms, hour, 'h', minute, 'min')
  return pair(ms, day, 'd', hour, 'h')
}

/**
 * The same of seconds, in which metrics are.
 *
 * @example
 * formatSeconds(0.25) // '250 ms'
 */
export const formatSeconds = (seconds: number | null | undefined): string =>
  formatMs(seconds === null || seconds === undefined ? seconds : seconds * 1000)

/**
 * A moment of a trace, counted from its start, always in milliseconds, so that a column of them lines up.
 *
 * @example
 * formatOffset(12.3456) // '+12.35 ms'
 */
export const formatOffset = (ms: number): string =>
  `${ms < 0 ? '−' : '+'}${new Intl.NumberFormat('en', {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  }).format(Math.abs(ms))} ms`

/**
 * Time that runs on, in whole seconds.
 *
 * @example
 * formatElapsed(64_900) // '1:04'
 */
export const formatElapsed = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
