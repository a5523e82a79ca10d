/** One statement of a file, with where it starts. Lines and columns count from 1, in characters. */
export type Statement = {
  readonly sql: string
  readonly line: number
  readonly column: number
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
  /** False when marked `-- banyan: no-transaction`. */
  readonly transaction: boolean
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
}

/** The number that a name begins with: 12 for `0012_add_slug.sql`. */
export const numberOf = (name: string): number => Number.parseInt(name, 10)

/**
 * `whole`: nothing older runs beside. `expand`: all but the contract migrations, while an older
 * release serves. `contract`: those, when nothing older is left.
 */
export type Phase = 'whole' | 'expand' | 'contract'
