import assert from 'node:assert/strict'
import { it } from 'node:test'
import { dialect } from 'banyan/kysely'
import { Kysely, sql as kyselySql } from 'kysely'
import type { NarrowDatabase } from '../narrow-setup.ts'

/** The same through Kysely. */
export function kyselyTests(database: () => NarrowDatabase): void {
  const data = () => database().data

  it('Kysely in a scope is narrow: statements, transactions, streams, read-only', async () => {
    type Tables = {
      notes: { user_id: string; body: string }
      users: { id: string; name: string }
    }
    const db = new Kysely<Tables>({ dialect: dialect(data().of('ann')) })
    const readOnly = new Kysely<Tables>({ dialect: dialect(data().of('ann'), { readOnly: true }) })
    const code = { code: 'BANYAN_WRONG_KEY' }
    assert.deepEqual(await db.selectFrom('notes').select('user_id').execute(), [{ user_id: 'ann' }])
    const wrong = db.selectFrom('notes').select('body').where('user_id', '=', 'bob')
    await assert.rejects(wrong.execute(), code)
    await assert.rejects(
      readOnly.selectFrom('notes').select('body').where('user_id', '=', 'bob').execute(),
      code,
    )
    await assert.rejects(readOnly.deleteFrom('notes').execute(), { code: '25006' })
    await assert.rejects(
      db.insertInto('notes').values({ user_id: 'bob', body: 'x' }).execute(),
      code,
    )
    await assert.rejects(
      db.updateTable('users').set({ name: 'x' }).where('id', '=', 'bob').execute(),
      code,
    )
    const streamed: unknown[] = []
    for await (const row of db.selectFrom('notes').select('user_id').stream(10)) streamed.push(row)
    assert.deepEqual(streamed, [{ user_id: 'ann' }])
    await assert.rejects(async () => {
      for await (const row of wrong.stream(10)) assert.fail(JSON.stringify(row))
    }, code)
    await db.transaction().execute(async (trx) => {
      await trx.updateTable('users').set({ name: 'K' }).where('id', '=', 'ann').execute()
      assert.equal((await trx.selectFrom('users').selectAll().execute()).length, 1)
    })
    await assert.rejects(
      db.transaction().execute((trx) => trx.deleteFrom('users').where('id', '=', 'bob').execute()),
      code,
    )
    await db.connection().execute(async (one) => {
      await kyselySql`begin`.execute(one)
      await one.updateTable('users').set({ name: 'undone' }).where('id', '=', 'ann').execute()
      await kyselySql`rollback`.execute(one)
    })
    assert.deepEqual(await db.selectFrom('users').select('name').execute(), [{ name: 'K' }])
  })
}
