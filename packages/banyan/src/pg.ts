/**
 * A drop-in for `pg`: the same names, with a `Pool` that knows the system. See {@link Pool}.
 *
 * @example
 * import { drizzle } from 'drizzle-orm/node-postgres'
 * import { Pool } from 'banyan/pg'
 * const db = drizzle({ client: new Pool() })
 */
import pg from 'pg'
import { Client } from './pg/client.ts'
import { Pool } from './pg/pool.ts'

export type * from 'pg'
export {
  Connection,
  DatabaseError,
  defaults,
  escapeIdentifier,
  escapeLiteral,
  Query,
  Result,
  TypeOverrides,
  types,
} from 'pg'
export { Client } from './pg/client.ts'
export { Pool, type PoolConfig } from './pg/pool.ts'

/** What `import pg from 'pg'` gives, for code that is written so. */
export default Object.assign(Object.create(pg) as Omit<typeof pg, 'Pool' | 'Client'>, {
  Client,
  Pool,
})
