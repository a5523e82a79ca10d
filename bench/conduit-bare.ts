import type { Tx } from 'banyan'
import pg from 'pg'
import type { Data, Scope, Sql } from '../apps/conduit/src/store/data.ts'
import { render } from './render-sql.ts'

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

const statementOn =
  (on: Queryable): Sql =>
  async (template, ...inserts) => {
    const { text, values } = render(template, inserts)
    return (await on.query(text, values as unknown[])).rows
  }

type Place = Omit<Scope, 'key'>

function placeOn(pool: pg.Pool): Place {
  const statement = statementOn(pool)
  return {
    consistency: 'strong',
    read: statement,
    write: statement,
    transaction: (work) => transact(pool, work),
  }
}

async function transact<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const result = await work({ sql: statementOn(client), savepoint })
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

/** Conduit needs none, and its data is not asked for any. */
const savepoint = () => Promise.reject(new Error('The bare data has no savepoints.'))

/** Data on one database, or on several by the last digits of the key. */
export function bareData(pools: readonly pg.Pool[]): Data {
  const places = pools.map(placeOn)
  const scopeOf = (key: string): Scope => {
    const place = places[Number.parseInt(key.slice(-8), 16) % places.length] as Place
    return { ...place, key }
  }
  return {
    of: (key) => scopeOf(String(key)),
    async by(name, value) {
      const text = owners[name] as string
      const found = await Promise.all(pools.map((pool) => pool.query(text, [value])))
      const key: string | undefined = found.flatMap((result) => result.rows)[0]?.key
      return key === undefined ? null : scopeOf(key)
    },
    async everywhere({ each, combine }) {
      const shards = places.map(({ read }, index) => ({ name: `${index}`, read }))
      const parts = await Promise.all(shards.map(each))
      const names = shards.map(({ name }) => name)
      return { value: await combine(parts), shards: names, oneSnapshot: false }
    },
  }
}

/** A pool as the runtime makes them. */
export const barePool = (connectionString: string, max: number) =>
  new pg.Pool({ connectionString, max })
