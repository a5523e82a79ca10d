import { BanyanError } from '@banyan/model'
import { type Dialect, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { Narrowing } from '../data/narrow.ts'
import { checkNames } from '../data/options.ts'
import { narrowingOf, shardOf } from '../data/scope.ts'
import type { Shard } from '../data/shard.ts'
import type { Scope } from '../data/types.ts'
import { ScopeDriver } from './driver.ts'

export type DialectOptions = {
  /**
   * Uses sessions that only read: a write fails with 25006. Statements outside of transactions are answered
   * by replicas, as fresh as the scope says. Default: false.
   */
  readonly readOnly?: boolean
}

/**
 * A Kysely dialect that is bound to a scope: its statements go where `scope.write` would go, and
 * with `readOnly` where `scope.read` would (streams and transactions: to the primary). The connections
 * belong to the scope's shard, so that `destroy()` has nothing to close.
 *
 * @example
 * const db = new Kysely<Database>({ dialect: dialect(data.of(user)) })
 * const notes = await db.selectFrom('notes').selectAll().where('user_id', '=', user).execute()
 */
export function dialect(scope: Scope, options: DialectOptions = {}): Dialect {
  checkNames(options, ['readOnly'])
  const { [shardOf]: shard, [narrowingOf]: narrowing = null } = (scope ?? {}) as Internals
  if (shard === undefined) throw notAScope(scope)
  const readLevel = options.readOnly === true ? scope.consistency : null
  return {
    createDriver: () => new ScopeDriver(shard, readLevel, narrowing),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  }
}

/** What a scope carries for those who build upon it. */
type Internals = { readonly [shardOf]?: Shard; readonly [narrowingOf]?: Narrowing }

const notAScope = (found: unknown): BanyanError =>
  new BanyanError('BANYAN_OPTION_INVALID', `\`dialect\` was given ${typeof found}, not a scope.`, {
    hint: 'Pass what data.of(key) gives: dialect(data.of(user)).',
  })
