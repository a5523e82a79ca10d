import pg from 'pg'
import type { Data, OwnerScope, Scope, Statement } from '../apps/conduit/src/store/data.ts'

/**
 * Conduit's data on nothing but `pg`: what a careful team would write without Banyan. The same
 * handlers run on both, and the difference is Banyan's price. A pool in this place is a whole
 * database; several of them stand for shards, where tests ask whether the app would bear them.
 */

/** Ordinary unique indexes in the place of Banyan's lookups, under the names that constraints have. */
export const bareIndexes = `
  alter table users add constraint users_username_key unique (username);
  alter table users add constraint users_email_key unique (email);
  alter table articles add constraint articles_slug_key unique (slug);
`

const owners: Readonly<Record<string, string>> = {
  'users.username': 'select id as key from users where username = $1',
  'users.email': 'select id as key from users where email = $1',
  'articles.slug': 'select author_id as key from articles where slug = $1',
}

type Queryable = Pick<pg.Pool, 'query'>

const textOf = (strings: TemplateStringsArray) =>
  strings.reduce((text, part, index) => `${text}$${index}${part}`)

const statementOn =
  (on: Queryable): Statement =>
  async (strings, ...values) =>
    (await on.query(textOf(strings), values)).rows

function scopeOn(pool: pg.Pool): Scope {
  const statement = statementOn(pool)
  return { read: statement, write: statement, transaction: (work) => transact(pool, work) }
}

async function transact<T>(
  pool: pg.Pool,
  work: (tx: { sql: Statement }) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const result = await work({ sql: statementOn(client) })
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

/** Data on one database, or on several by the last digits of the key. */
export function bareData(pools: readonly pg.Pool[]): Data {
  const scopes = pools.map(scopeOn)
  const placeOf = (key: string) => Number.parseInt(key.slice(-8), 16) % scopes.length
  const scopeOf = (key: string) => scopes[placeOf(key)] as Scope
  return {
    of: scopeOf,
    async by(unique, value) {
      const text = owners[unique] as string
      const found = await Promise.all(pools.map((pool) => pool.query(text, [value])))
      const key: string | undefined = found.flatMap((result) => result.rows)[0]?.key
      return key === undefined ? null : ({ ...scopeOf(key), key } satisfies OwnerScope)
    },
    async everywhere({ each, combine }) {
      return { value: combine(await Promise.all(scopes.map(each))) }
    },
  }
}

/** A pool as the runtime makes them. */
export const barePool = (connectionString: string, max: number) =>
  new pg.Pool({ connectionString, max })
