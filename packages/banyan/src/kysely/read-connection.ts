import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import type { Session } from '../data/session.ts'
import type { Shard } from '../data/shard.ts'
import type { Consistency } from '../data/types.ts'
import { ScopeConnection } from './connection.ts'

/** What a statement begins with that needs nothing of its session, */
const alone = /^[\s(]*(?:select|with|values|table)\b/i
/** and what leaves something in it. */
const leaving = /\bset_config\b|advisory/i

/**
 * A connection for reading, which is none before it has to be: a statement on its own goes where
 * `scope.read` would send it, to a replica perhaps. From a transaction, a stream or a setting of the session on
 * everything is on one connection to the primary.
 */
export class ReadConnection implements DatabaseConnection {
  readonly #shard: Shard
  readonly #level: Consistency
  #kept: ScopeConnection | null = null

  constructor(shard: Shard, level: Consistency) {
    this.#shard = shard
    this.#level = level
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { sql: text, parameters: values } = query
    if (this.#kept === null && alone.test(text) && !leaving.test(text)) {
      return { rows: await this.#shard.read<R & object>({ text, values }, this.#level) }
    }
    return await (await this.#keep()).executeQuery(query)
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize: number,
  ): AsyncIterableIterator<QueryResult<R>> {
    const kept = await this.#keep()
    yield* kept.streamQuery<R>(query, chunkSize)
  }

  async begin(text: string): Promise<void> {
    const kept = await this.#keep()
    await kept.begin(text)
  }

  async run(text: string): Promise<void> {
    const kept = await this.#keep()
    await kept.run(text)
  }

  /** Of the transaction that was begun. */
  get session(): Session {
    if (this.#kept === null) throw new Error('No transaction was begun on this connection.')
    return this.#kept.session
  }

  ended(): void {
    this.#kept?.ended()
  }

  give(): void {
    this.#kept?.give()
    this.#kept = null
  }

  async #keep(): Promise<ScopeConnection> {
    this.#kept ??= await ScopeConnection.take(this.#shard, true, null)
    return this.#kept
  }
}
