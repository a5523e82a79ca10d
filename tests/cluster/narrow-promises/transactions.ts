import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { NarrowDatabase } from '../narrow-setup.ts'
import { trespasses } from './trespasses.ts'

/** Keys in transactions, over savepoints and at every isolation level. */
export function transactionTests(database: () => NarrowDatabase): void {
  const data = () => database().data

  it('a transaction over several keys sees each part under its own key, whatever their order', async () => {
    await data().transaction(['ann', 'bob'], async (tx) => {
      const both = await Promise.all([
        tx.of('ann').sql`select user_id from notes`,
        tx.of('bob').sql`select user_id from notes`,
        tx.of('ann').sql`select user_id from notes`,
      ])
      assert.deepEqual(both.flat(), [{ user_id: 'ann' }, { user_id: 'bob' }, { user_id: 'ann' }])
      await tx.of('bob').sql`update users set name = 'B' where id = 'bob'`
    })
    await trespasses(
      data().transaction(
        ['ann', 'bob'],
        (tx) => tx.of('bob').sql`select from notes where user_id = 'ann'`,
      ),
      'bob',
      'notes',
    )
    await assert.rejects(
      data().transaction(['ann', 'bob'], (tx) =>
        tx.of('ann').savepoint(() => tx.of('bob').sql`select 1`),
      ),
      { code: 'BANYAN_TRANSACTION_BUSY' },
    )
  })

  it('a key goes on holding after savepoints, those of the app included', async () => {
    await data()
      .transaction(['ann', 'bob'], async (tx) => {
        await tx
          .of('ann')
          .savepoint(async (inner) => {
            assert.deepEqual(await inner.sql`select user_id from notes`, [{ user_id: 'ann' }])
            throw new Error('mine')
          })
          .catch(() => {})
        await tx.of('bob').sql`savepoint own`
        await assert.rejects(Promise.resolve(tx.of('bob').sql`select nonsense`), {
          code: '42703',
        })
        await tx.of('bob').sql`rollback to savepoint own`
        assert.deepEqual(await tx.of('bob').sql`select user_id from notes`, [{ user_id: 'bob' }])
        assert.deepEqual(await tx.of('ann').sql`select user_id from notes`, [{ user_id: 'ann' }])
        throw new Error('enough')
      })
      .catch((error: Error) => assert.match(error.message, /enough|rolled back/))
  })

  it('a wrong key that the app swallows keeps the transaction from committing; a savepoint mends it', async () => {
    const ann = data().of('ann')
    await assert.rejects(
      ann.transaction(async (tx) => {
        await tx.sql`update users set name = 'swallowed' where id = 'ann'`
        await Promise.resolve(tx.sql`select from notes where user_id = 'bob'`).catch(() => {})
      }),
      { code: 'BANYAN_TRANSACTION_ABORTED' },
    )
    await ann.transaction(async (tx) => {
      await trespasses(
        tx.savepoint((inner) => inner.sql`delete from notes where user_id = 'bob'`),
        'ann',
        'notes',
      )
      await tx.sql`update users set name = 'mended' where id = 'ann'`
    })
    assert.deepEqual(await ann.read`select name from users`, [{ name: 'mended' }])
  })

  it('works at every isolation level, and leaves the level to the app', async () => {
    for (const isolation of ['repeatable read', 'serializable'] as const) {
      await data()
        .of('ann')
        .transaction(
          async (tx) => {
            const [row] = await tx.sql`select current_setting('transaction_isolation') as level`
            assert.deepEqual(row, { level: isolation })
            assert.deepEqual(await tx.sql`select user_id from notes`, [{ user_id: 'ann' }])
          },
          { isolation },
        )
      await trespasses(
        data()
          .of('ann')
          .transaction((tx) => tx.sql`select from notes where user_id = 'bob'`, {
            isolation,
          }),
        'ann',
        'notes',
      )
    }
    await data()
      .of('ann')
      .transaction(async (tx) => {
        await tx.sql`set transaction isolation level serializable`
        const [row] = await tx.sql`select current_setting('transaction_isolation') as level`
        assert.deepEqual(row, { level: 'serializable' })
      })
  })

  it('a statement that is run again leaves no trace in the session: its numbers and locks are the app’s', async () => {
    const traces = data()
      .of('ann')
      .transaction(async (tx) => {
        const [row] = await tx.sql`update visits set count = nextval('numbers')
          where user_id = 'ann' returning count::text as number`
        assert.deepEqual(await tx.sql`select currval('numbers')::text as number`, [row])
        const [added] = await tx.sql`with added as (
          insert into notes (user_id, body) values ('ann', 'x') returning id)
          select id::text from added`
        assert.deepEqual(await tx.sql`select lastval()::text as id`, [added])
        await tx.sql`select pg_advisory_lock(7) from visits where user_id = 'ann'`
        await tx.sql`select pg_advisory_unlock(7)`
        const held = await tx.sql`select from pg_locks where locktype = 'advisory'`
        assert.deepEqual(held, [])
        throw new Error('undone')
      })
    await assert.rejects(traces, { message: 'undone' })
  })
}
