import { formatBytes } from '../../format/bytes.ts'
import { formatSeconds } from '../../format/duration.ts'
import { formatNumber, formatRate, formatRatio, unknown } from '../../format/number.ts'

/** What the values of a chart are. */
export type Unit = 'rate' | 'seconds' | 'bytes' | 'cpus' | 'ratio' | 'count'

type Known = {
  readonly format: (value: number | null | undefined) => string
  /** What stands below the title. */
  readonly name: string
  /** The distances that marks of an axis may have, where they are not powers of ten. */
  readonly increments?: readonly number[]
}

const powersOfTwo = Array.from({ length: 50 }, (_, i) => 2 ** i)

export const units: Readonly<Record<Unit, Known>> = {
  rate: { format: formatRate, name: 'per second' },
  seconds: { format: formatSeconds, name: 'time' },
  bytes: { format: formatBytes, name: 'bytes', increments: powersOfTwo },
  cpus: {
    format: (value) =>
      formatNumber(value) === unknown ? unknown : `${(value ?? 0).toFixed(2)} CPU`,
    name: 'CPUs in use',
  },
  ratio: { format: formatRatio, name: 'part of the time' },
  count: { format: formatNumber, name: 'number' },
}
