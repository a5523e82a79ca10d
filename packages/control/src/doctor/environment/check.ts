import type { RungName } from '../ladder.ts'

/**
 * Something of the machine. `missing` is no fault: what is embedded does instead, or it belongs to a
 * rung that nobody asked for. `failed` keeps `up` from working.
 */
export type Check = {
  readonly name: string
  readonly outcome: 'ok' | 'advice' | 'missing' | 'failed'
  /** What is there, as a sentence or a version. */
  readonly found: string
  /** Why it matters; null where it goes without saying. */
  readonly why: string | null
  /** The command or edit that mends it; null when there is nothing to do. */
  readonly mend: string | null
  /** The rungs that it is for; empty: for all. */
  readonly rungs: readonly RungName[]
}

export const ok = (name: string, found: string): Check => ({
  name,
  outcome: 'ok',
  found,
  why: null,
  mend: null,
  rungs: [],
})
