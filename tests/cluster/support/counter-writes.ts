import { once } from 'node:events'
import type { Data } from 'banyan'
import { dialect } from 'banyan/kysely'
import type { Pool } from 'banyan/pg'
import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'

/* Every way in which a handler may reach a table of counters, in `data`, the pool, and what stands on them. */

type Counters = { counters: { id: string; n: number } }
type Increment = (id: string, data: Data, pool: InstanceType<typeof Pool>) => Promise<number>

const increment = 'update counters set n = n + 1 where id = $1 returning n'

/** Every way in which a handler may write. */
export const writes: Readonly<Record<string, Increment>> = {
  'a statement of `data`': async (id, data) => {
    const [row] = await data.of(id).write<{ n: number }>`
      update counters set n = n + 1 where id = ${id} returning n`
    return row?.n ?? 0
  },
  'a transaction of `data`': async (id, data) => {
    const [row] = await data
      .of(id)
      .transaction(
        (tx) => tx.sql<{ n: number }>`update counters set n = n + 1 where id = ${id} returning n`,
      )
    return row?.n ?? 0
  },
  "a statement of the dialect's": async (id, data) => {
    const db = new Kysely<Counters>({ dialect: dialect(data.of(id)) })
    return await incrementBy(db, id)
  },
  "a transaction of the dialect's": async (id, data) => {
    const db = new Kysely<Counters>({ dialect: dialect(data.of(id)) })
    return await db.transaction().execute((tx) => incrementBy(tx, id))
  },
  'the pool': async (id, _data, pool) => (await pool.query(increment, [id])).rows[0].n,
  'the pool with a callback': (id, _data, pool) =>
    new Promise((resolve, reject) => {
      pool.query(increment, [id], (error, result) =>
        error ? reject(error) : resolve(result.rows[0].n),
      )
    }),
  'the pool in a statement that begins as a read does': async (id, _data, pool) => {
    const text = `with done as (${increment}) select n from done`
    return (await pool.query({ name: 'with', text, values: [id] })).rows[0].n
  },
  'a client': async (id, _data, pool) => {
    const client = await pool.connect()
    try {
      return (await client.query(increment, [id])).rows[0].n
    } finally {
      client.release()
    }
  },
  'a transaction of a client': async (id, _data, pool) => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      const { rows } = await client.query(increment, [id])
      await client.query('commit')
      return rows[0].n
    } finally {
      client.release()
    }
  },
  callbacks: (id, _data, pool) =>
    new Promise((resolve, reject) => {
      pool.connect((error, client, release) => {
        if (client === undefined) return reject(error)
        client.query('begin', () =>
          client.query(increment, [id], (fault, result) =>
            client.query('commit', () => {
              release()
              if (fault) reject(fault)
              else resolve(result.rows[0].n)
            }),
          ),
        )
      })
    }),
  'a submitted query': async (id, _data, pool) => {
    const client = await pool.connect()
    const query = client.query(new pg.Query({ text: increment, values: [id] }))
    let n = 0
    query.on('row', (row: { n: number }) => {
      n = row.n
    })
    await once(query, 'end')
    client.release()
    return n
  },
  'Kysely on the pool': async (id, _data, pool) =>
    await incrementBy(new Kysely<Counters>({ dialect: new PostgresDialect({ pool }) }), id),
  'a transaction of Kysely on the pool': async (id, _data, pool) =>
    await new Kysely<Counters>({ dialect: new PostgresDialect({ pool }) })
      .transaction()
      .execute((tx) => incrementBy(tx, id)),
  'Drizzle on the pool': async (id, _data, pool) => {
    const db = drizzle({ client: pool })
    const { rows } = await db.execute(incrementIn(id))
    return Number(rows[0]?.n)
  },
  'a transaction of Drizzle on the pool': async (id, _data, pool) => {
    const db = drizzle({ client: pool })
    return await db.transaction(async (tx) =>
      Number((await tx.execute(incrementIn(id))).rows[0]?.n),
    )
  },
}

const incrementIn = (id: string) =>
  drizzleSql`update counters set n = n + 1 where id = ${id} returning n`

const incrementBy = async (db: Kysely<Counters>, id: string): Promise<number> => {
  const row = await db
    .updateTable('counters')
    .set({ n: sql`n + 1` })
    .where('id', '=', id)
    .returning('n')
    .executeTakeFirstOrThrow()
  return row.n
}

/** Reads a counter by the pool: alone, by a `client`, by `kysely`. */
export async function readByPool(id: string, way: string, pool: InstanceType<typeof Pool>) {
  const text = 'select n from counters where id = $1'
  if (way === 'kysely') {
    const db = new Kysely<Counters>({ dialect: new PostgresDialect({ pool }) })
    return await db.selectFrom('counters').select('n').where('id', '=', id).execute()
  }
  if (way !== 'client') return await pool.query(text, [id])
  const client = await pool.connect()
  try {
    return await client.query(text, [id])
  } finally {
    client.release()
  }
}
