import { BanyanError } from '@banyan/model'
import { quoteName } from '@banyan/postgres'
import type { Driver, TransactionSettings } from 'kysely'
import type { Narrowing } from '../data/narrow.ts'
import type { Shard } from '../data/shard.ts'
import { commit, rollback } from '../data/transaction.ts'
import type { Consistency } from '../data/types.ts'
import { ScopeConnection } from './connection.ts'
import { ReadConnection } from './read-connection.ts'

type DriverConnection = ScopeConnection | ReadConnection

/** Kysely's way to tell that there is nothing left to roll back. */
const abortedBrand = Symbol.for('kysely.AbortedTransactionError')

/** Runs what Kysely compiles on the connections of a shard. */
export class ScopeDriver implements Driver {
  readonly #shard: Shard
  readonly #readLevel: Consistency | null
  readonly #narrowing: Narrowing | null

  /** `readLevel`: how fresh its reads are, where it only reads; null: it writes as well. */
  constructor(shard: Shard, readLevel: Consistency | null, narrowing: Narrowing | null) {
    this.#shard = shard
    this.#readLevel = readLevel
    this.#narrowing = narrowing
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DriverConnection> {
    const level = this.#readLevel
    if (level !== null && this.#narrowing === null) return new ReadConnection(this.#shard, level)
    return await ScopeConnection.take(this.#shard, level !== null, this.#narrowing)
  }

  async releaseConnection(connection: DriverConnection): Promise<void> {
    connection.give()
  }

  beginTransaction(connection: DriverConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings
    const isolation = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`
    return connection.begin(`begin${isolation}${accessMode === undefined ? '' : ` ${accessMode}`}`)
  }

  async commitTransaction(connection: DriverConnection): Promise<void> {
    try {
      await commit(connection.session)
      await this.#shard.noteWrite()
    } catch (error) {
      if (BanyanError.is(error) && error.code === 'BANYAN_TRANSACTION_ABORTED') {
        Object.defineProperty(error, abortedBrand, { value: true })
      }
      throw error
    } finally {
      connection.ended()
    }
  }

  async rollbackTransaction(connection: DriverConnection): Promise<void> {
    await rollback(connection.session)
    connection.ended()
  }

  async savepoint(connection: DriverConnection, name: string): Promise<void> {
    await connection.run(`savepoint ${quoteName(name)}`)
  }

  async rollbackToSavepoint(connection: DriverConnection, name: string): Promise<void> {
    await connection.run(`rollback to savepoint ${quoteName(name)}`)
  }

  async releaseSavepoint(connection: DriverConnection, name: string): Promise<void> {
    await connection.run(`release savepoint ${quoteName(name)}`)
  }

  /** The connections belong to the shard, which other scopes use. */
  async destroy(): Promise<void> {}
}
