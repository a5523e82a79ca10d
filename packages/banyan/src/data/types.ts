import type { SqlFragment } from './sql.ts'

/**
 * Filled in by the app, so that `data.of` and `data.by` know the types of
 * keys and lookups. Without it any name and value is accepted by the types, and checked when run.
 *
 * @example
 * declare module 'banyan' {
 *   interface Register {
 *     key: string
 *     lookups: {
 *       'users.email': string
 *       'firms.country,tax_number': { country: string; tax_number: string }
 *     }
 *   }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be extended by the app
export interface Register {}

/** What `data.of` takes: `Register['key']`, else anything that can be a key. */
export type KeyInput = Register extends { key: infer Key } ? Key : string | number | bigint

type Lookups = Register extends { lookups: infer Known } ? Known : Record<string, unknown>

/** The names that `data.by` knows: table, dot, column. */
export type LookupName = keyof Lookups & string

/** The value that a lookup takes: the column's own, or for several columns an object or a list. */
export type LookupValue<Name extends LookupName> = Lookups[Name] extends infer Value
  ? Value extends Readonly<Record<string, unknown>>
    ? Value | readonly unknown[]
    : Value
  : never

// biome-ignore lint/suspicious/noExplicitAny: a row has the columns that its statement names
export type Row = Record<string, any>

/**
 * Runs one SQL statement, written as a template whose values become parameters, and gives its rows.
 * Errors of PostgreSQL come through as node-postgres' `DatabaseError` with their SQLSTATE in `code`.
 *
 * @example
 * const notes = await scope.read<{ id: string }>`select id from notes where user_id = ${user}`
 */
export type Sql = <R = Row>(
  template: TemplateStringsArray | SqlFragment,
  ...values: unknown[]
) => Promise<R[]>

/**
 * How fresh a read must be. Below the rung `replicated` every level reads the primary.
 *
 * - `strong` (default): everything acknowledged to anybody before the read arrived.
 * - `session`: at least everything that this client wrote, known by a token that it carries (`serve` with
 *   `session: true`); `strong` where none is kept.
 * - `eventual`: any replica within its allowed lag.
 * - `{ snapshot: true }`: on the primary only, whose snapshots never contradict each other.
 */
export type Consistency = 'strong' | 'session' | 'eventual' | { readonly snapshot: true }

export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable'

export type TransactionOptions = {
  /** Default: `read committed`. */
  readonly isolation?: IsolationLevel
  /**
   * Runs the callback again, at most five times, when PostgreSQL rolled the transaction back for the
   * sake of another one (40001, 40P01), or the connection was lost before COMMIT was sent. Only for
   * callbacks without effects outside the database. Default: false.
   */
  readonly retry?: boolean
  /**
   * Stands for one deed (the id of an order, the Idempotency-Key of a request): done once, however often it
   * is asked for. Stored by the transaction itself, for a day, with what the callback gave, as JSON; who comes
   * with it again gets that, and the callback does not run. So an end that nobody knows
   * (`BANYAN_OUTCOME_UNKNOWN`) and a lost connection are looked into and repeated by the runtime; what the
   * callback does outside the database may then happen twice. 1 to 1,024 bytes; one key space for the system.
   */
  readonly idempotencyKey?: string
}

/** A running transaction. It is over when its callback is. */
export type Tx = {
  /** Runs one statement inside the transaction. */
  readonly sql: Sql
  /**
   * Runs a part of the transaction that can fail alone: when the callback throws, what it did is
   * rolled back and the error is thrown on; the transaction can go on.
   *
   * @example
   * await tx.savepoint((inner) => inner.sql`insert into tags (id) values (${tag})`).catch(() => {})
   */
  savepoint<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

/** Everything that belongs to one key, wherever it lives. */
export type Scope = {
  /** The key as text in its one spelling, as node-postgres gives a column of its type. */
  readonly key: string
  readonly consistency: Consistency
  /**
   * Runs a statement that only reads, on a replica where one may answer it by the scope's level, else
   * on the primary; a write inside it fails with 25006. Sent again when its connection is lost.
   */
  readonly read: Sql
  /**
   * Runs one statement that may write, on the primary, committed when it returns. Sent again only
   * when it provably never left; a lost answer is `BANYAN_OUTCOME_UNKNOWN`.
   */
  readonly write: Sql
  /**
   * Runs a transaction on the primary: committed when the callback returns, rolled back when it
   * throws. A lost connection before COMMIT is `BANYAN_CONNECTION_LOST` (nothing stays), an unknown
   * end `BANYAN_OUTCOME_UNKNOWN`. If a statement failed and the callback went on regardless,
   * PostgreSQL rolls back: that is `BANYAN_TRANSACTION_ABORTED`.
   *
   * @example
   * const note = await data.of(user).transaction(async (tx) => {
   *   const [row] = await tx.sql`insert into notes (user_id, body) values (${user}, ${body}) returning *`
   *   return row
   * })
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>
}

/** A transaction over several keys. */
export type KeyedTx = {
  /** The part of the transaction that belongs to one of the listed keys. */
  of(key: KeyInput): Tx
}

/** One shard, as `data.everywhere` gives it to `each`. */
export type ShardScope = {
  readonly name: string
  readonly read: Sql
}

export type Everywhere<Part, Whole> = {
  /** Runs next to the data of every shard. */
  readonly each: (shard: ShardScope) => Promise<Part> | Part
  /** Makes one answer of what the shards gave, in the order of the shards. */
  readonly combine: (parts: readonly Part[]) => Whole | Promise<Whole>
  readonly consistency?: Consistency
}

export type EverywhereAnswer<Whole> = {
  readonly value: Whole
  /** The shards that answered. */
  readonly shards: readonly string[]
  /**
   * Whether the whole answer shows one moment: one shard, and one statement on it or
   * `{ snapshot: true }`.
   */
  readonly oneSnapshot: boolean
}

/** The app's data. See each member. */
export type Data = {
  /**
   * The scope of one key: everything that belongs to it, wherever it lives. Throws
   * `BANYAN_KEY_INVALID` for what is not a key of the system's type. In narrow mode (`banyan dev`,
   * `banyan exec`) its statements see the rows of the key only, and `BANYAN_WRONG_KEY` says which one
   * has to do with another.
   *
   * @example
   * const notes = await data.of(user).read`select * from notes where user_id = ${user}`
   */
  of(key: KeyInput, options?: { readonly consistency?: Consistency }): Scope
  /**
   * The scope of whoever owns a unique value, or null when nobody does. A missing value (null,
   * undefined) is `BANYAN_LOOKUP_INVALID`: it is nearly always a forgotten parameter, and NULL is
   * never unique.
   *
   * @example
   * const user = await data.by('users.email', email)
   * if (user === null) return reply.code(404).send()
   * const [row] = await user.read`select * from users where id = ${user.key}`
   */
  by<Name extends LookupName>(
    name: Name,
    value: LookupValue<Name>,
    options?: { readonly consistency?: Consistency },
  ): Promise<Scope | null>
  /**
   * One transaction over the listed keys, wherever they live. Never run again by itself, unless
   * `retry: true`.
   *
   * @example
   * await data.transaction([a, b], async (tx) => {
   *   await tx.of(a).sql`update accounts set cents = cents - 5 where id = ${a}`
   *   await tx.of(b).sql`update accounts set cents = cents + 5 where id = ${b}`
   * })
   */
  transaction<T>(
    keys: readonly KeyInput[],
    work: (tx: KeyedTx) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>
  /**
   * Reads across keys: `each` on every shard, `combine` over the answers. The only way to do so.
   *
   * @example
   * const { value } = await data.everywhere({
   *   each: (shard) => shard.read`select count(*)::int as n from notes`,
   *   combine: (parts) => parts.reduce((sum, rows) => sum + rows[0]?.n, 0),
   * })
   */
  everywhere<Part, Whole>(query: Everywhere<Part, Whole>): Promise<EverywhereAnswer<Whole>>
  /** Closes every connection once the running statements are done. `serve` does it by itself. */
  close(): Promise<void>
}
