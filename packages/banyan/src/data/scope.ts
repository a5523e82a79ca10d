import { BanyanError } from '@banyan/model'
import { plantedFault } from '@banyan/postgres'
import { forgetInPassing, mayAskAgain, newKeyed } from './idempotency.ts'
import type { Narrowing } from './narrow.ts'
import { checkFunction, checkTransactionOptions } from './options.ts'
import { isRepeatable, retrying } from './retry.ts'
import type { Shard } from './shard.ts'
import { compile, type SqlFragment } from './sql.ts'
import { type Handle, runTransaction } from './transaction.ts'
import type { Consistency, Row, Scope, TransactionOptions, Tx } from './types.ts'

type Template = TemplateStringsArray | SqlFragment

/** Where a scope keeps its shard, for the dialects that build upon it. */
export const shardOf: unique symbol = Symbol.for('banyan.shard')

/** Where a scope of narrow mode keeps what its statements are narrowed to. */
export const narrowingOf: unique symbol = Symbol.for('banyan.narrowing')

/** A key bound to the shard that owns it. Its members work when they are taken off it. */
export class KeyScope implements Scope {
  readonly key: string
  readonly consistency: Consistency
  readonly [shardOf]: Shard

  constructor(shard: Shard, key: string, consistency: Consistency) {
    this[shardOf] = shard
    this.key = key
    this.consistency = consistency
  }

  readonly read = async <R = Row>(template: Template, ...values: unknown[]): Promise<R[]> =>
    this[shardOf].read<R>(compile(template, values), this.consistency)

  readonly write = async <R = Row>(template: Template, ...values: unknown[]): Promise<R[]> =>
    this[shardOf].write<R>(compile(template, values))

  readonly transaction = <T>(
    work: (tx: Tx) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> => transact(this[shardOf], work, options)
}

/** Checks what was passed, and runs the transaction once, or until it holds. */
export async function transact<T>(
  shard: Shard,
  work: (tx: Handle) => Promise<T>,
  options: TransactionOptions,
  narrowing: Narrowing | null = null,
): Promise<T> {
  checkFunction(work, 'the callback of a transaction')
  const { isolation, retry, idempotencyKey } = checkTransactionOptions(options)
  const keyed = idempotencyKey === undefined ? null : newKeyed(idempotencyKey)
  const run = (): Promise<T> => runTransaction(shard, isolation, work, narrowing, keyed)
  const mayRepeat = (error: unknown): boolean =>
    (retry === true && isRepeatable(error)) ||
    (keyed !== null && mayAskAgain(error, keyed)) ||
    (plantedFault === 'retries-commit' && isUnknown(error))
  const value = await retrying(run, mayRepeat)
  if (keyed !== null) forgetInPassing(shard)
  return value
}

const isUnknown = (error: unknown): boolean =>
  BanyanError.is(error) && error.code === 'BANYAN_OUTCOME_UNKNOWN'
