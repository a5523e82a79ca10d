import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { NarrowDatabase } from '../narrow-setup.ts'
import { trespasses } from './trespasses.ts'

/** Other transactions and lost connections, while a statement is judged. */
export function raceTests(database: () => NarrowDatabase): void {
  const data = () => database().data

  it('a row that another transaction holds is not waited for', async () => {
    await database().owner.query(`begin; update notes set body = 'held' where user_id = 'bob'`)
    try {
      const began = performance.now()
      await trespasses(
        data().of('ann').write`delete from notes where user_id = 'bob'`,
        'ann',
        'notes',
      )
      assert.ok(performance.now() - began < 5_000)
    } finally {
      await database().owner.query('rollback')
    }
  })

  it('a scope is not accused when rows of its key come and go meanwhile', async () => {
    await data().of('q').write`insert into users (id, email) values ('q', 'q@x.org')`
    let stopped = false
    const produce = async () => {
      while (!stopped) {
        await data().of('q').write`insert into notes (user_id, body) values ('q', 'job')`
      }
    }
    const consume = async () => {
      for (let round = 0; round < 150; round += 1) {
        await data().of('q').write`delete from notes where (user_id, id) = (
          select user_id, id from notes where user_id = 'q' limit 1 for update skip locked) returning id`
      }
    }
    const producing = produce()
    try {
      await Promise.all([consume(), consume(), consume(), consume()])
    } finally {
      stopped = true
      await producing
    }
    await data().of('q').write`delete from users where id = 'q'`
  })

  it('a scope is not accused of what a statement leaves to chance', async () => {
    const ann = data().of('ann')
    for (let round = 0; round < 200; round += 1) {
      await ann.read`select from notes where user_id = 'ann' and random() < 0.3`
      await ann.read`select from notes tablesample bernoulli (30) where user_id = 'ann'`
    }
    const bobs = ann.read`select from notes where user_id = 'bob' order by random() limit 1`
    await trespasses(bobs, 'ann', 'notes')
  })

  it('a lost connection sends a read again, and leaves nothing of a write', async () => {
    const ann = data().of('ann')
    const cut = async (marker: string) => {
      for (let cuts = 0; cuts === 0; ) {
        const { rows } = await database().admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where query like '%' || $1 || '%' and pid <> pg_backend_pid()`,
          [marker],
        )
        cuts = rows.length
      }
    }
    const [rows] = await Promise.all([
      ann.read`select user_id, 'cut-read' as mark from notes, pg_sleep(0.5) where user_id = 'ann'`,
      cut('cut-read'),
    ])
    assert.equal(rows.length, 1)
    await Promise.all([
      assert.rejects(
        ann.write`update users set name = 'cut-write' from pg_sleep(5) where id = 'ann'`,
        { code: 'BANYAN_CONNECTION_LOST' },
      ),
      cut('cut-write'),
    ])
    assert.deepEqual(await ann.read`select from users where name = 'cut-write'`, [])
  })
}
