import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { sql as drizzleSql, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { Pool } from '../pg.ts'

const things = pgTable('things', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: text('name').notNull().unique(),
})

type Database = { things: { id: import('kysely').Generated<number>; name: string } }

const isUniqueViolation = (error: unknown): boolean => {
  const found = error instanceof pg.DatabaseError ? error : (error as Error).cause
  return found instanceof pg.DatabaseError && found.code === '23505'
}

describe('libraries on top of Pool', () => {
  let postgres: TestPostgres
  let pool: pg.Pool

  before(async () => {
    postgres = await startPostgres()
    const { ownerUrl } = await postgres.createDatabase()
    pool = new Pool({ connectionString: ownerUrl, max: 3 })
    await pool.query(`create table things (id int generated always as identity primary key,
      name text not null unique)`)
  })
  after(async () => {
    await pool.end()
    await postgres.stop()
  })

  describe('Drizzle', () => {
    it('selects, inserts, updates and deletes', async () => {
      const db = drizzle({ client: pool })
      const [made] = await db.insert(things).values({ name: 'drizzle' }).returning()
      assert.equal(made?.name, 'drizzle')
      await db.update(things).set({ name: 'renamed' }).where(eq(things.name, 'drizzle'))
      assert.deepEqual(
        (await db.select().from(things)).map(({ name }) => name),
        ['renamed'],
      )
      await db.delete(things)
      const { rows } = await db.execute(drizzleSql`select count(*)::int as n from ${things}`)
      assert.deepEqual(rows, [{ n: 0 }])
    })

    it('keeps a transaction on one connection, and rolls back', async () => {
      const db = drizzle({ client: pool })
      await db.transaction(async (tx) => {
        await tx.insert(things).values({ name: 'kept' })
        await assert.rejects(
          tx.transaction(async (inner) => {
            await inner.insert(things).values({ name: 'lost' })
            throw new Error('inner')
          }),
          /inner/,
        )
        const others = await db.select().from(things)
        assert.deepEqual(others, [])
      })
      await assert.rejects(
        db.transaction(async (tx) => {
          await tx.insert(things).values({ name: 'gone' })
          throw new Error('outer')
        }),
        /outer/,
      )
      assert.deepEqual(
        (await db.select().from(things)).map(({ name }) => name),
        ['kept'],
      )
      await db.delete(things)
    })

    it('gives the errors of PostgreSQL, and goes on', async () => {
      const db = drizzle({ client: pool })
      await db.insert(things).values({ name: 'twice' })
      await assert.rejects(
        async () => db.insert(things).values({ name: 'twice' }),
        isUniqueViolation,
      )
      assert.equal(pool.waitingCount, 0)
      await db.delete(things)
    })
  })

  describe('Kysely with its own dialect', () => {
    // The pool belongs to the test: `destroy` would end it.
    const kysely = () => new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })

    it('selects, inserts, updates and deletes', async () => {
      const db = kysely()
      const made = await db
        .insertInto('things')
        .values({ name: 'kysely' })
        .returning('name')
        .executeTakeFirstOrThrow()
      assert.equal(made.name, 'kysely')
      const changed = await db.updateTable('things').set({ name: 'renamed' }).executeTakeFirst()
      assert.equal(changed.numUpdatedRows, 1n)
      assert.deepEqual(await db.selectFrom('things').select('name').execute(), [
        { name: 'renamed' },
      ])
      await db.deleteFrom('things').execute()
    })

    it('commits and rolls back, and reports errors', async () => {
      const db = kysely()
      await db
        .transaction()
        .execute((tx) => tx.insertInto('things').values({ name: 'kept' }).execute())
      await assert.rejects(
        db.transaction().execute(async (tx) => {
          await tx.insertInto('things').values({ name: 'gone' }).execute()
          await tx.insertInto('things').values({ name: 'kept' }).execute()
        }),
        isUniqueViolation,
      )
      assert.deepEqual(await db.selectFrom('things').select('name').execute(), [{ name: 'kept' }])
      await db.deleteFrom('things').execute()
    })
  })
})
