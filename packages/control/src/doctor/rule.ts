import type { System } from '@banyan/model'
import type { DatabaseFacts } from './database/facts.ts'
import type { RungName } from './ladder.ts'
import type { Source } from './sources/source.ts'
import type { Schema } from './sql/schema.ts'
import type { CodeStatement } from './sql/statements.ts'

/** `blocks`: with this the rung breaks a promise. `advice`: it works, and is better otherwise. */
export type Severity = 'blocks' | 'advice'

/** What a rule found, and where. */
export type Found = {
  /** Absolute path, or null for what is in no file: a setting of a database. */
  readonly file: string | null
  readonly line: number | null
  /** What stands there, as a sentence. Never a quotation of the source: it may hold a secret. */
  readonly what: string
  /** When it says more than the rule's own. */
  readonly mend?: string
  /** When this one concerns fewer rungs than the rule does. */
  readonly rungs?: readonly RungName[]
}

/** One row of the table of rules. */
export type Rule = {
  readonly id: string
  /** The rungs that it is about. */
  readonly rungs: readonly RungName[]
  readonly severity: Severity
  /** What it looks for. */
  readonly what: string
  readonly why: string
  readonly mend: string
  readonly find: (facts: Facts) => Iterable<Found>
}

/** Everything that rules may look at. They are pure: what is not here was not read. */
export type Facts = {
  readonly system: System
  /** The config's path, where a finding about the declarations points to. */
  readonly config: string
  /** Where the app answers, or would after the next `up`. */
  readonly port: number
  /** Code that runs in any service. */
  readonly sources: readonly Source[]
  /** Code that runs in services with routes. */
  readonly web: readonly Source[]
  /** SQL in that code. */
  readonly statements: readonly CodeStatement[]
  /** What the migrations make. */
  readonly schema: Schema
  /** What is in the database, when it could be asked. */
  readonly database: DatabaseFacts | null
}

/** What is wrong for a rung, with its place. */
export type Finding = {
  /** The id of the rule. */
  readonly rule: string
  /** The lowest rung on the way to the one that was asked for, for which it matters. */
  readonly rung: RungName
  readonly rungs: readonly RungName[]
  readonly severity: Severity
  /** Relative to the folder of the config. */
  readonly file: string | null
  readonly line: number | null
  readonly what: string
  readonly why: string
  readonly mend: string
}
