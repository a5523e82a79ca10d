const two = (value: number): string => String(value).padStart(2, '0')

/** Milliseconds since 1970, or a date and time of ISO 8601. */
type Moment = number | string

/** The time of day with milliseconds, as this browser's clock has it: `12:00:01.200`. */
export const formatClock = (at: Moment): string => {
  const date = new Date(at)
  return `${formatClockSeconds(at)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** `12:00:01` */
export const formatClockSeconds = (at: Moment): string => {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `2026-01-31` */
export const formatDay = (at: number): string => {
  const date = new Date(at)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/**
 * A moment for reading: the time of day, and the day where it is another than today's.
 *
 * @example
 * formatMoment(yesterday, now) // '2026-01-30 12:00:01.200'
 */
export const formatMoment = (at: number, now: number): string =>
  formatDay(at) === formatDay(now) ? formatClock(at) : `${formatDay(at)} ${formatClock(at)}`

/**
 * From when to when, the day said where it is not today.
 *
 * @example
 * formatWindow(from, to, now) // '12:00:00 – 12:05:00'
 */
export const formatWindow = (from: number, to: number, now: number): string => {
  const start = formatDay(from) === formatDay(now) ? '' : `${formatDay(from)} `
  const end = formatDay(to) === formatDay(from) ? '' : `${formatDay(to)} `
  return `${start}${formatClockSeconds(from)} – ${end}${formatClockSeconds(to)}`
}

/**
 * A moment as a field for date and time wants it, and back.
 *
 * @example
 * fromField(toField(at)) === at // to the second
 */
export const toField = (at: number): string => `${formatDay(at)}T${formatClockSeconds(at)}`

/** Undefined for an empty or unfinished field. */
export const fromField = (text: string): number | undefined => {
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}
