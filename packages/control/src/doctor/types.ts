import type { ErrorReport } from '../api/types.ts'
import type { Check } from './environment/check.ts'
import type { RungName } from './ladder.ts'
import type { Finding } from './rule.ts'

/** What the doctor says. */
export type Diagnosis = {
  /** The rung that was asked about; null: how things are now. */
  readonly rung: RungName | null
  /** That rung with everything that it needs. */
  readonly rungs: readonly RungName[]
  /** False when this version cannot climb to the rung yet, whatever the findings. */
  readonly built: boolean
  readonly config: {
    readonly path: string
    readonly state: 'read' | 'missing' | 'broken'
    /** The system's name. */
    readonly system: string | null
    readonly error: ErrorReport | null
  }
  readonly checks: readonly Check[]
  readonly findings: readonly Finding[]
  /** For every rung with all that it needs: how much there is. Empty without a readable config. */
  readonly ladder: readonly RungSummary[]
  readonly read: Read
  readonly database: DatabaseSummary | null
  /** True: something keeps the rung, or `up`, from working. */
  readonly blocked: boolean
  readonly sentence: string
}

export type RungSummary = {
  readonly rung: RungName
  readonly adds: string
  readonly built: boolean
  readonly blocks: number
  readonly advice: number
}

/** What the findings rest on, and what was left out. */
export type Read = {
  /** Files of code that were looked at. */
  readonly files: number
  readonly statements: number
  readonly statementsNotUnderstood: number
  readonly migrations: number
  readonly services: readonly { readonly name: string; readonly by: 'imports' | 'folder' }[]
  readonly notRead: readonly { readonly path: string; readonly why: string }[]
}

export type DatabaseSummary = {
  readonly adopted: boolean
  readonly version: string
  readonly user: string
  readonly bytes: number
  readonly maxConnections: number
  readonly walLevel: string
  readonly extensions: readonly string[]
  /** The largest first, ten at most. */
  readonly tables: readonly { readonly name: string; readonly bytes: number }[]
}
