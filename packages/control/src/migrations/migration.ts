/** One statement of a file, with where it starts. Lines and columns count from 1, in characters. */
export type Statement = {
  readonly sql: string
  readonly line: number
  readonly column: number
  /** The parser's name of the kind, `DropStmt`; null where the text was not understood. */
  readonly kind: string | null
  /** What the parser made of it. */
  readonly node: Readonly<Record<string, unknown>>
}

/** A file of the migrations folder, read and judged. */
export type Migration = {
  /** The file's name: `0003_add_slug.sql`. */
  readonly name: string
  readonly number: number
  readonly file: string
  /** The text with LF line endings and without a byte order mark. */
  readonly sql: string
  /** SHA-256 of `sql`, so that a checkout with CRLF is the same migration. */
  readonly checksum: string
  /** Marked `-- banyan: contract`: what the release before needs may go. */
  readonly contract: boolean
  /** False when marked `-- banyan: no-transaction`, or `-- banyan: repeat`. */
  readonly transaction: boolean
  /** Marked `-- banyan: repeat`: each statement runs again and again until it changes no row. */
  readonly repeat: boolean
  /** One for the whole text where our parser does not understand it: the server may. */
  readonly statements: readonly Statement[]
}

/** A row of `banyan.migrations`. */
export type Recorded = {
  readonly name: string
  readonly checksum: string
  readonly state: 'begun' | 'applied'
  readonly began: Date
  readonly applied: Date | null
  /** How many statements of a migration without a transaction are known to be done. */
  readonly statements: number
  /** How many of them were begun; null where an earlier version did not write it down. */
  readonly attempted: number | null
}

/** The number that a name begins with: 12 for `0012_add_slug.sql`. */
export const numberOf = (name: string): number => Number.parseInt(name, 10)

/**
 * `whole`: nothing older runs beside. `expand`: all but the contract migrations, while an older
 * release serves. `contract`: those, when nothing older is left.
 */
export type Phase = 'whole' | 'expand' | 'contract'
