import { narrowSql } from '@banyan/postgres'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { type Narrowing, runNarrowed } from '../data/narrow.ts'
import { Lost } from '../data/send.ts'
import { Session } from '../data/session.ts'
import { explain, outcomeUnknown, type Shard, unreadable } from '../data/shard.ts'
import type { Compiled } from '../data/sql.ts'
import { commit, connectionLost, rollback } from '../data/transaction.ts'
import type { Connections } from '../pool/connections.ts'
import type { Lease } from '../pool/connections-options.ts'
import { onlyReads } from '../session/only-reads.ts'

/** A read that ended three connections is not given a fourth. */
const sendsMax = 3

/** Statements whose number of rows is what they changed. */
const changing = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** The answers to statements that begin a transaction. */
const beginning = new Set(['BEGIN', 'START'])

const poolOf = ({ reader, writer }: Shard, readOnly: boolean): Connections =>
  readOnly ? reader : writer

type Answer = Awaited<ReturnType<Session['run']>>

/** A connection of the pool for as long as Kysely uses it. */
export class ScopeConnection implements DatabaseConnection {
  readonly #shard: Shard
  readonly #pool: Connections
  readonly #readOnly: boolean
  readonly #narrowing: Narrowing | null
  #lease: Lease
  #session: Session
  #used = false
  #inTransaction = false

  private constructor(shard: Shard, readOnly: boolean, narrowing: Narrowing | null, lease: Lease) {
    this.#shard = shard
    this.#pool = poolOf(shard, readOnly)
    this.#readOnly = readOnly
    this.#narrowing = narrowing
    this.#lease = lease
    this.#session = new Session(lease)
  }

  static async take(
    shard: Shard,
    readOnly: boolean,
    narrowing: Narrowing | null,
  ): Promise<ScopeConnection> {
    const pool = poolOf(shard, readOnly)
    return new ScopeConnection(shard, readOnly, narrowing, pool.tryTake() ?? (await pool.lease()))
  }

  give(): void {
    this.#pool.give(this.#lease, this.#session.lost)
  }

  get session(): Session {
    return this.#session
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { command, rowCount, rows } = await (this.#narrowing === null
      ? this.run(query.sql, query.parameters)
      : this.#runNarrowed(this.#narrowing, { text: query.sql, values: query.parameters }))
    const noted = this.#noteWrite(query.sql)
    if (noted !== null) await noted
    if (!changing.has(command)) return { rows: rows as R[] }
    return { rows: rows as R[], numAffectedRows: BigInt(rowCount ?? 0) }
  }

  /** What is in a transaction is noted when that is committed. */
  #noteWrite(text: string): Promise<void> | null {
    const { status } = this.#session
    if (this.#readOnly || this.#inTransaction || status === 'T' || status === 'E') return null
    return onlyReads(text) ? null : this.#shard.noteWrite()
  }

  /** Narrow mode: a statement on its own gets a transaction of its own, since a key is set in one. */
  async #runNarrowed(to: Narrowing, compiled: Compiled): Promise<Answer> {
    // What the app began by a statement of its own is its to end.
    const isOwn = !this.#inTransaction && this.#session.status !== 'T'
    if (isOwn) await this.begin('begin')
    try {
      const answer = await runNarrowed(this.#session, to, compiled)
      if (isOwn && !beginning.has(answer.command)) await commit(this.#session)
      return answer
    } catch (error) {
      if (isOwn) await rollback(this.#session)
      throw error instanceof Lost ? connectionLost(error) : explain(error)
    } finally {
      if (isOwn) this.ended()
    }
  }

  /**
   * Runs one statement. The first one of a connection can be sent again on another, by the rules of
   * `read` and `write`; later ones may depend on what the session was told before.
   */
  async run(text: string, values: readonly unknown[] = []): Promise<Answer> {
    for (let sends = 1; ; sends += 1) {
      const isFirst = !this.#used
      try {
        const answer = await this.#session.run({ text, values })
        this.#used = true
        return answer
      } catch (error) {
        if (!(error instanceof Lost)) throw explain(error)
        const isSafe = this.#readOnly || !error.sent
        if (this.#inTransaction || !isFirst || !isSafe || sends === sendsMax) {
          throw this.#meaningOf(error, sends)
        }
        await this.#replace()
      }
    }
  }

  #meaningOf(lost: Lost, sends: number): Error {
    if (this.#inTransaction) return connectionLost(lost)
    if (this.#readOnly || !lost.sent) return unreadable(lost, sends)
    return outcomeUnknown('a statement', lost)
  }

  /** Nothing has happened before BEGIN is answered, so that a lost one is begun elsewhere. */
  async begin(text: string): Promise<void> {
    for (let sends = 1; ; sends += 1) {
      try {
        if (this.#narrowing === null) await this.#session.run({ text, values: [] })
        else await this.#session.script(`${text}; ${narrowSql(this.#narrowing.key)}`)
        this.#inTransaction = true
        return
      } catch (error) {
        if (!(error instanceof Lost)) throw explain(error)
        if (this.#used || sends === sendsMax) throw connectionLost(error)
        await this.#replace()
      }
    }
  }

  /** The transaction is over: what follows is judged as statements on their own. */
  ended(): void {
    this.#inTransaction = false
    this.#used = true
  }

  async #replace(): Promise<void> {
    const lease = await this.#pool.lease()
    this.#pool.give(this.#lease, true)
    this.#lease = lease
    this.#session = new Session(lease)
  }

  /** Reads through a cursor, which needs a transaction; one of its own where there is none. */
  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize: number,
  ): AsyncIterableIterator<QueryResult<R>> {
    const isOwn = !this.#inTransaction
    if (isOwn) await this.begin('begin')
    try {
      await this.run(`declare banyan_stream no scroll cursor for ${query.sql}`, query.parameters)
      for (let isFirst = true; ; isFirst = false) {
        const { rows } = await this.run(`fetch forward ${Math.trunc(chunkSize)} from banyan_stream`)
        if (rows.length === 0 && isFirst) await this.#judgeEmpty(query)
        if (rows.length === 0) break
        yield { rows: rows as R[] }
      }
    } finally {
      await this.#closeStream(isOwn)
    }
  }

  /** A cursor does not say why it found nothing; in narrow mode the statement itself does. */
  async #judgeEmpty({ sql: text, parameters: values }: CompiledQuery): Promise<void> {
    if (this.#narrowing !== null) await this.#runNarrowed(this.#narrowing, { text, values })
  }

  async #closeStream(isOwn: boolean): Promise<void> {
    if (this.#session.lost === null && this.#session.status === 'T') {
      await this.run('close banyan_stream')
    }
    if (!isOwn) return
    if (this.#session.lost === null) await this.run('rollback')
    this.ended()
  }
}
