import type { Texts } from './test-texts.ts'

/** What a rule finds, with the line, and what it leaves alone. */
export type Case = {
  readonly rule: string
  /** Null: a finding without a line. */
  readonly finds: readonly (readonly [texts: Texts, line: number | null])[]
  readonly leaves: readonly Texts[]
}
