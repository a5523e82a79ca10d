import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { BanyanError } from '@banyan/model'
import { startPostgres, type TestPostgres, writeRuntimeFile } from '@banyan/testing'
import { type Generated, Kysely, sql } from 'kysely'
import pg from 'pg'
import { openData } from '../data/data.ts'
import type { Data, Scope } from '../data/types.ts'
import { dialect } from '../kysely.ts'

type Database = { notes: { user_id: string; id: Generated<string>; body: string } }

describe('Kysely on a scope', () => {
  let postgres: TestPostgres
  let data: Data
  let owner: pg.Client
  let db: Kysely<Database>
  let system: { path: string; remove(): Promise<void> }

  before(async () => {
    postgres = await startPostgres()
    const { ownerUrl, appUrl } = await postgres.createDatabase()
    owner = new pg.Client({ connectionString: ownerUrl })
    await owner.connect()
    await owner.query(`create table notes (user_id text, id bigint generated always as identity,
      body text, primary key (user_id, id))`)
    system = await writeRuntimeFile({ url: appUrl, connectionsMax: 4 })
    data = openData({ systemFile: () => system.path })
    db = new Kysely<Database>({ dialect: dialect(data.of('ann')) })
  })
  after(async () => {
    await data.close()
    await owner.end()
    await postgres.stop()
    await system.remove()
  })
  beforeEach(() => owner.query('truncate notes'))

  const bodies = async (): Promise<string[]> => {
    const { rows } = await owner.query('select body from notes order by id')
    return rows.map(({ body }) => body)
  }
  const add = (on: Kysely<Database>, body: string) =>
    on.insertInto('notes').values({ user_id: 'ann', body })

  it('selects, inserts, updates and deletes, and counts what it changed', async () => {
    const made = await add(db, 'one').returning(['user_id', 'body']).executeTakeFirst()
    assert.deepEqual(made, { user_id: 'ann', body: 'one' })
    const changed = await db.updateTable('notes').set({ body: 'two' }).executeTakeFirst()
    assert.equal(changed.numUpdatedRows, 1n)
    assert.deepEqual(await db.selectFrom('notes').select('body').execute(), [{ body: 'two' }])
    const gone = await db.deleteFrom('notes').where('user_id', '=', 'ann').executeTakeFirst()
    assert.equal(gone.numDeletedRows, 1n)
  })

  it('commits a transaction, and rolls back one that throws', async () => {
    await db.transaction().execute((tx) => add(tx, 'kept').execute())
    await assert.rejects(
      db.transaction().execute(async (tx) => {
        await add(tx, 'gone').execute()
        throw new Error('mine')
      }),
      /mine/,
    )
    assert.deepEqual(await bodies(), ['kept'])
  })

  it('says so when PostgreSQL rolled back because a statement had failed', async () => {
    await assert.rejects(
      db.transaction().execute(async (tx) => {
        await add(tx, 'gone').execute()
        await sql`select 1 / 0`.execute(tx).catch(() => {})
      }),
      (error) => BanyanError.is(error) && error.code === 'BANYAN_TRANSACTION_ABORTED',
    )
    assert.deepEqual(await bodies(), [])
  })

  it('gives its connection back when a controlled transaction was aborted', async () => {
    for (let round = 0; round < 6; round += 1) {
      const tx = await db.startTransaction().execute()
      await sql`select 1 / 0`.execute(tx).catch(() => {})
      await assert.rejects(tx.commit().execute())
    }
    assert.deepEqual((await sql`select 1 as n`.execute(db)).rows, [{ n: 1 }])
  })

  it('runs a transaction at the isolation and access that were asked for', async () => {
    const shown = await db
      .transaction()
      .setIsolationLevel('serializable')
      .setAccessMode('read only')
      .execute(async (tx) => {
        await assert.rejects(add(tx, 'x').execute(), { code: '25006' })
        return 'done'
      })
      .catch((error: unknown) => error)
    assert.ok(BanyanError.is(shown) && shown.code === 'BANYAN_TRANSACTION_ABORTED')
  })

  it('rolls back to savepoints', async () => {
    const tx = await db.startTransaction().execute()
    await add(tx, 'before').execute()
    const saved = await tx.savepoint('a "quoted" name').execute()
    await add(saved, 'lost').execute()
    await saved.rollbackToSavepoint('a "quoted" name').execute()
    await add(tx, 'after').execute()
    await tx.commit().execute()
    assert.deepEqual(await bodies(), ['before', 'after'])
  })

  it('streams, inside a transaction and without one', async () => {
    await owner.query(
      `insert into notes (user_id, body) select 'ann', 'n' || n from generate_series(1, 250) n`,
    )
    const query = (on: Kysely<Database>) =>
      on.selectFrom('notes').select('body').where('user_id', '=', 'ann')
    let seen = 0
    for await (const _ of query(db).stream(100)) seen += 1
    assert.equal(seen, 250)
    await db.transaction().execute(async (tx) => {
      seen = 0
      for await (const _ of query(tx).stream(7)) {
        seen += 1
        if (seen === 20) break
      }
      await add(tx, 'after the stream').execute()
    })
    assert.equal((await bodies()).length, 251)
  })

  it('only reads when told so', async () => {
    const reader = new Kysely<Database>({ dialect: dialect(data.of('ann'), { readOnly: true }) })
    assert.deepEqual(await reader.selectFrom('notes').selectAll().execute(), [])
    await assert.rejects(add(reader, 'x').execute(), { code: '25006' })
    await assert.rejects(
      reader.transaction().execute((tx) => add(tx, 'x').execute()),
      { code: '25006' },
    )
  })

  it('keeps what a session was told, also where it only reads', async () => {
    const reader = new Kysely<Database>({ dialect: dialect(data.of('ann'), { readOnly: true }) })
    const show = sql<{ shown: string }>`select current_setting('work_mem') as shown`
    await reader.connection().execute(async (one) => {
      await sql`set work_mem = '123kB'`.execute(one)
      assert.deepEqual((await show.execute(one)).rows, [{ shown: '123kB' }])
      await sql`select set_config('work_mem', '124kB', false)`.execute(one)
      assert.deepEqual((await show.execute(one)).rows, [{ shown: '124kB' }])
      await sql`reset work_mem`.execute(one)
    })
    assert.notDeepEqual((await show.execute(reader)).rows, [{ shown: '124kB' }])
  })

  it('streams, and is in a transaction, where it only reads', async () => {
    await owner.query(`insert into notes (user_id, body) values ('ann', 'a'), ('ann', 'b')`)
    const reader = new Kysely<Database>({ dialect: dialect(data.of('ann'), { readOnly: true }) })
    const query = (on: Kysely<Database>) => on.selectFrom('notes').select('body').orderBy('id')
    const seen: string[] = []
    for await (const { body } of query(reader).stream(1)) seen.push(body)
    assert.deepEqual(seen, ['a', 'b'])
    const inside = await reader.transaction().execute((tx) => query(tx).execute())
    assert.deepEqual(inside, [{ body: 'a' }, { body: 'b' }])
  })

  it('leaves the connections to the scope when it is destroyed', async () => {
    const other = new Kysely<Database>({ dialect: dialect(data.of('bob')) })
    await other.selectFrom('notes').selectAll().execute()
    await other.destroy()
    assert.deepEqual(await db.selectFrom('notes').selectAll().execute(), [])
  })

  it('refuses what is not a scope, and unknown options', () => {
    const refused = (error: unknown) =>
      BanyanError.is(error) && error.code === 'BANYAN_OPTION_INVALID'
    assert.throws(() => dialect({} as Scope), refused)
    assert.throws(() => dialect(undefined as unknown as Scope), refused)
    assert.throws(() => dialect(data.of('a'), { readonly: true } as never), refused)
  })
})
