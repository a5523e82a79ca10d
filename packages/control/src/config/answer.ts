import type { Fault } from '@banyan/model'

/** What the child that evaluates a config says, as one line of JSON. */
export type Answer =
  /** The exported value, with what JSON cannot hold replaced by null and named as a fault. */
  | { readonly kind: 'value'; readonly value: unknown; readonly faults: readonly Fault[] }
  /** The default export is missing or is not an object. */
  | { readonly kind: 'nothing'; readonly found: string; readonly exported: readonly string[] }
  | Thrown

export type Thrown = {
  readonly kind: 'threw'
  readonly name: string
  readonly message: string
  readonly code: string | null
  readonly stack: string
}

/** What became of a child that did not answer. */
export type Silence =
  | { readonly kind: 'timeout'; readonly deadlineMs: number }
  | { readonly kind: 'too-large'; readonly bytesMax: number }
  | { readonly kind: 'ended'; readonly code: number | null; readonly signal: string | null }

/** The answer, or its absence, with the last lines that the config printed. */
export type Evaluation = (Answer | Silence) & { readonly output: string }
