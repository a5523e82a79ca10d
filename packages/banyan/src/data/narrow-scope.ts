import { narrowSql } from '@banyan/postgres'
import pg from 'pg'
import { type Narrowing, runNarrowed } from './narrow.ts'
import { narrowingOf, shardOf, transact } from './scope.ts'
import { Lost } from './send.ts'
import { Session } from './session.ts'
import { explain, type Shard, sendsMax, unreadable } from './shard.ts'
import { type Compiled, compile, type SqlFragment } from './sql.ts'
import { rollback } from './transaction.ts'
import type { Consistency, Row, Scope, TransactionOptions, Tx } from './types.ts'

type Template = TemplateStringsArray | SqlFragment

/** A scope of narrow mode: its statements see the rows of its key only. */
export class NarrowScope implements Scope {
  readonly key: string
  readonly consistency: Consistency
  readonly [shardOf]: Shard
  readonly [narrowingOf]: Narrowing

  constructor(shard: Shard, consistency: Consistency, narrowing: Narrowing) {
    this[shardOf] = shard
    this[narrowingOf] = narrowing
    this.key = narrowing.key
    this.consistency = consistency
  }

  readonly read = async <R = Row>(template: Template, ...values: unknown[]): Promise<R[]> =>
    readNarrowed<R>(this[shardOf], this[narrowingOf], compile(template, values))

  readonly write = async <R = Row>(template: Template, ...values: unknown[]): Promise<R[]> => {
    const shard = this[shardOf]
    try {
      return await transact(shard, (tx) => tx.sql<R>(template, ...values), {}, this[narrowingOf])
    } catch (error) {
      if (!needsNoTransaction(error)) throw error
      // VACUUM and the like: they know no keys, and have done nothing yet.
      return shard.write<R>(compile(template, values))
    }
  }

  readonly transaction = <T>(
    work: (tx: Tx) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> => transact(this[shardOf], work, options, this[narrowingOf])
}

const needsNoTransaction = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '25001'

/** As `Shard.read`, in a transaction that is narrow. */
async function readNarrowed<R>(shard: Shard, to: Narrowing, compiled: Compiled): Promise<R[]> {
  for (let sends = 1; ; sends += 1) {
    const lease = shard.reader.tryTake() ?? (await shard.reader.lease())
    const session = new Session(lease)
    try {
      await session.script(`begin; ${narrowSql(to.key)}`)
      const { rows } = await runNarrowed(session, to, compiled)
      await session.script('commit')
      return rows as R[]
    } catch (error) {
      if (!(error instanceof Lost)) {
        await rollback(session)
        throw explain(error)
      }
      if (error.sent && sends >= sendsMax) throw unreadable(error, sends)
      if (!error.sent) sends -= 1
    } finally {
      shard.reader.give(lease, session.lost !== null)
    }
  }
}
