import { type Complaint, type FaultList, join } from './faults.ts'

/** Whether a value is an object with keys: neither a list nor null. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads the fields of one object of the config. A wrong one becomes a fault, and its fallback is used. */
export class FieldReader {
  readonly path: string
  readonly faults: FaultList
  readonly #values: Record<string, unknown>

  constructor(faults: FaultList, path: string, values: Record<string, unknown>) {
    this.faults = faults
    this.path = path
    this.#values = values
  }

  pathOf(key: string): string {
    return join(this.path, key)
  }

  value(key: string): unknown {
    return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined
  }

  fault(key: string, complaint: Complaint): void {
    this.faults.add(this.pathOf(key), this.value(key), complaint)
  }

  /** A text, or null when it is absent or wrong. */
  text(key: string, complaint: Complaint): string | null {
    const value = this.value(key)
    if (value === undefined) return null
    if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
    this.fault(key, complaint)
    return null
  }

  /** A whole number within bounds, or the fallback. */
  integer<T>(
    key: string,
    bounds: { min: number; max: number; unit: string },
    fallback: T,
  ): number | T {
    const value = this.value(key)
    if (value === undefined) return fallback
    const { min, max, unit } = bounds
    if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max)
      return Number(value)
    this.fault(key, {
      expected: `a whole number of ${unit} from ${min} to ${max}`,
      mend: `write a number such as ${key}: ${suggestInteger(value, bounds)}`,
    })
    return fallback
  }
}

/** The number that was probably meant: `'250'` means 250, too large a one the largest. */
const suggestInteger = (value: unknown, { min, max }: { min: number; max: number }): number => {
  const number = Math.round(Number(value))
  const meant = typeof value === 'string' || typeof value === 'number' ? number : Number.NaN
  return Number.isNaN(meant) ? Math.min(max, min * 10) : Math.min(max, Math.max(min, meant))
}
