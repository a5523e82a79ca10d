/** A tagged template that runs one SQL statement and gives its rows. */
export type Statement = <Row = unknown>(
  strings: TemplateStringsArray,
  ...values: unknown[]
) => Promise<Row[]>

/** Where rows can be read. */
export type Shard = { readonly read: Statement }

/** One user's place: every row whose shard key is that user's id. */
export type Scope = Shard & {
  readonly write: Statement
  transaction<T>(work: (tx: { readonly sql: Statement }) => Promise<T>): Promise<T>
}

/** The scope of whoever owns a unique value, and the owner's id. */
export type OwnerScope = Scope & { readonly key: string }

/**
 * What Conduit needs of Banyan's `data`, which is handed in: the same handlers run on anything that
 * has this shape.
 */
export type Data = {
  of(key: string): Scope
  by(unique: string, value: string): Promise<OwnerScope | null>
  everywhere<Part, Whole>(query: {
    each: (shard: Shard) => Promise<Part>
    combine: (parts: readonly Part[]) => Whole
  }): Promise<{ value: Whole }>
}
