import assert from 'node:assert/strict'
import { once } from 'node:events'
import { it } from 'node:test'
import pg from 'pg'
import { from } from 'pg-copy-streams'
import type { NarrowDatabase } from '../narrow-setup.ts'
import { trespasses } from './trespasses.ts'

/** What is not bound to a key, and what lies around a table: lookups, foreign keys, partitions, views. */
export function surroundingTests(database: () => NarrowDatabase): void {
  const data = () => database().data

  it('data.by, data.everywhere and Pool see everything', async () => {
    const bob = await data().by('users.email', 'bob@x.org')
    assert.ok(bob !== null)
    assert.deepEqual(await bob.read`select id from users`, [{ id: 'bob' }])
    const { value } = await data().everywhere({
      each: (shard) => shard.read<{ user_id: string }>`select user_id from notes order by 1`,
      combine: (parts) => parts.flat().map(({ user_id }) => user_id),
    })
    assert.deepEqual(value, ['ann', 'bob'])
    const { rows } = await database().pool.query('select user_id from notes order by 1')
    assert.deepEqual(rows, [{ user_id: 'ann' }, { user_id: 'bob' }])
  })

  it('the empty key is a key like others, where a lookup leads to it', async () => {
    await database().pool.query(`insert into users (id, email) values ('', 'nobody@x.org')`)
    const nobody = await data().by('users.email', 'nobody@x.org')
    assert.ok(nobody !== null)
    assert.deepEqual(await nobody.read`select id from users where id = ${nobody.key}`, [{ id: '' }])
    await trespasses(nobody.read`select from users where id = 'ann'`, '', 'users')
    await nobody.write`delete from users where id = ''`
  })

  it('the owner of a unique value is protected across keys, with the code and name of an index', async () => {
    const fault = await data().of('cy')
      .write`insert into users (id, email) values ('cy', 'bob@x.org')`.catch((error) => error)
    assert.ok(fault instanceof pg.DatabaseError, String(fault))
    assert.deepEqual([fault.code, fault.constraint], ['23505', 'users_email_key'])
  })

  it('foreign keys and cascades hold across keys', async () => {
    const ann = data().of('ann')
    await ann.write`insert into notes (user_id, body, other_id) values ('ann', 'to bob', 'bob')`
    await assert.rejects(
      ann.write`insert into notes (user_id, body, other_id) values ('ann', 'x', 'nobody')`,
      { code: '23503' },
    )
    await assert.rejects(data().of('bob').write`delete from users where id = 'bob'`, {
      code: '23503',
    })
    await ann.write`delete from notes where body = 'to bob'`
    await data().of('eve').write`insert into users (id, email) values ('eve', 'eve@x.org')`
    await data().of('eve').write`insert into notes (user_id, body) values ('eve', 'x')`
    await data().of('eve').write`delete from users where id = 'eve'`
    assert.deepEqual(await data().of('eve').read`select from notes where user_id = 'eve'`, [])
  })

  it('partitions are narrow through their table and by themselves', async () => {
    const ann = data().of('ann')
    assert.deepEqual(await ann.read`select user_id from visits`, [{ user_id: 'ann' }])
    assert.deepEqual(await ann.read`select user_id from visits_new`, [{ user_id: 'ann' }])
    await assert.rejects(
      ann.write`insert into visits_old (user_id, day) values ('bob', '2025-01-01')`,
      { code: 'BANYAN_WRONG_KEY' },
    )
    await assert.rejects(ann.read`select from visits_new where user_id = 'bob'`, {
      code: 'BANYAN_WRONG_KEY',
    })
  })

  it('a view of the invoker is narrow; an ordinary view is its owner, who sees everything', async () => {
    const ann = data().of('ann')
    assert.deepEqual(await ann.read`select user_id from own_notes`, [{ user_id: 'ann' }])
    await assert.rejects(ann.read`select from own_notes where user_id = 'bob'`, {
      code: 'BANYAN_WRONG_KEY',
    })
    assert.equal((await ann.read`select user_id from all_notes`).length, 2)
  })

  it('COPY and TRUNCATE through Pool work, and TRUNCATE in a scope is found out', async () => {
    const client = await database().pool.connect()
    try {
      const stream = client.query(from('copy notes (user_id, body) from stdin'))
      stream.end('ann\tcopied\nbob\tcopied\n')
      await once(stream, 'finish')
      const { rows } = await client.query(`select from notes where body = 'copied'`)
      assert.equal(rows.length, 2)
      await client.query(`delete from notes where body = 'copied'`)
      await client.query('begin; truncate visits')
      assert.equal((await client.query('select from visits')).rows.length, 0)
      await client.query('rollback')
    } finally {
      client.release()
    }
    await trespasses(data().of('ann').write`truncate visits`, 'ann', 'visits')
    assert.equal((await data().of('ann').read`select from visits`).length, 1)
  })

  it('leaves sessions as they were: connections that a scope used see everything again', async () => {
    for (let round = 0; round < 20; round += 1) await data().of('ann').read`select from notes`
    const { value } = await data().everywhere({
      each: (
        shard,
      ) => shard.read`select current_user::text as who, current_setting('banyan.key', true) as key,
        (select count(*)::int from users) as users`,
      combine: (parts) => parts.flat(),
    })
    assert.deepEqual(value, [{ who: 'banyan_wide', key: '', users: 2 }])
  })
}
