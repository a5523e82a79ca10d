/** What is written where nothing is known: never a zero. */
export const unknown = '–'

/** Three digits that mean something; thousands apart. */
const significant = (value: number, digits = 3): string =>
  new Intl.NumberFormat('en', {
    maximumSignificantDigits: digits,
    useGrouping: true,
  }).format(value)

/** Whole numbers keep all of their digits. */
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/**
 * A number for reading: three digits that mean something below a thousand, whole above.
 *
 * @example
 * formatNumber(1234.5) // '1,235'
 * formatNumber(0.01234) // '0.0123'
 */
export const formatNumber = (value: number | null | undefined): string => {
  if (value === null || value === undefined || !Number.isFinite(value)) return unknown
  if (value === 0) return '0'
  return Math.abs(value) >= 1000 ? whole.format(value) : significant(value)
}

/**
 * How many: every digit of it.
 *
 * @example
 * formatCount(1234567) // '1,234,567'
 */
export const formatCount = (value: number | null | undefined): string =>
  value === null || value === undefined || !Number.isFinite(value) ? unknown : whole.format(value)

/**
 * Per second.
 *
 * @example
 * formatRate(12.34) // '12.3/s'
 */
export const formatRate = (value: number | null | undefined): string => {
  const number = formatNumber(value)
  return number === unknown ? unknown : `${number}/s`
}

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/**
 * Per second, in as little room as can be, and steady: on the diagram it changes each second.
 *
 * @example
 * formatShortRate(1_240) // '1.24K/s'
 * formatShortRate(0.433) // '0.4/s'
 */
export const formatShortRate = (value: number): string =>
  `${(Math.abs(value) < 10 ? tenths : short).format(value)}/s`

/**
 * A part of a whole, 0 to 1, in per cent.
 *
 * @example
 * formatRatio(0.0123) // '1.23%'
 */
export const formatRatio = (value: number | null | undefined): string => {
  if (value === null || value === undefined || !Number.isFinite(value)) return unknown
  return `${formatNumber(value * 100)}%`
}
