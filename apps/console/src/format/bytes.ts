import { formatNumber, unknown } from './number.ts'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** The power of 1,024 that leaves a number below 1,024 (rounded ones too: never `1,024 KiB`). */
const power = (bytes: number): number => {
  let rest = Math.abs(bytes)
  let at = 0
  while (rest >= 1023.5 && at < units.length - 1) {
    rest /= 1024
    at += 1
  }
  return at
}

/**
 * A size, in powers of 1,024, and named so.
 *
 * @example
 * formatBytes(1536) // '1.5 KiB'
 */
export const formatBytes = (bytes: number | null | undefined): string => {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return unknown
  const at = power(bytes)
  const number = at === 0 ? Math.round(bytes) : bytes / 1024 ** at
  return `${formatNumber(number)} ${units[at]}`
}
