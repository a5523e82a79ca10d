import { BanyanError } from '@banyan/model'
import { quoteName } from '@banyan/postgres'
import type { Driver, TransactionSettings } from 'kysely'
import type { Narrowing } from '../data/narrow.ts'
import type { Shard } from '../data/shard.ts'
import { commit, rollback } from '../data/transaction.ts'
import { ScopeConnection } from './connection.ts'

/** Kysely's way to tell that there is nothing left to roll back. */
const abortedBrand = Symbol.for('kysely.AbortedTransactionError')

/** Runs what Kysely compiles on the connections of a shard. */
export class ScopeDriver implements Driver {
  readonly #shard: Shard
  readonly #readOnly: boolean
  readonly #narrowing: Narrowing | null

  constructor(shard: Shard, readOnly: boolean, narrowing: Narrowing | null) {
    this.#shard = shard
    this.#readOnly = readOnly
    this.#narrowing = narrowing
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<ScopeConnection> {
    const { reader, writer } = this.#shard
    const pool = this.#readOnly ? reader : writer
    return ScopeConnection.take(pool, this.#readOnly, this.#narrowing)
  }

  async releaseConnection(connection: ScopeConnection): Promise<void> {
    connection.give()
  }

  beginTransaction(connection: ScopeConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings
    const isolation = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`
    return connection.begin(`begin${isolation}${accessMode === undefined ? '' : ` ${accessMode}`}`)
  }

  async commitTransaction(connection: ScopeConnection): Promise<void> {
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

  async rollbackTransaction(connection: ScopeConnection): Promise<void> {
    await rollback(connection.session)
    connection.ended()
  }

  async savepoint(connection: ScopeConnection, name: string): Promise<void> {
    await connection.run(`savepoint ${quoteName(name)}`)
  }

  async rollbackToSavepoint(connection: ScopeConnection, name: string): Promise<void> {
    await connection.run(`rollback to savepoint ${quoteName(name)}`)
  }

  async releaseSavepoint(connection: ScopeConnection, name: string): Promise<void> {
    await connection.run(`release savepoint ${quoteName(name)}`)
  }

  /** The connections belong to the shard, which other scopes use. */
  async destroy(): Promise<void> {}
}
