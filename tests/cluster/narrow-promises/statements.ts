import assert from 'node:assert/strict'
import { it } from 'node:test'
import { BanyanError } from 'banyan'
import pg from 'pg'
import type { NarrowDatabase } from '../narrow-setup.ts'
import { trespasses } from './trespasses.ts'

/** What a single statement of a scope finds, writes, and is told of. */
export function statementTests(database: () => NarrowDatabase): void {
  const data = () => database().data

  it('a scope sees the rows of its key and of no other, with and without a condition', async () => {
    const rows = await data().of('ann').read`select user_id from notes`
    assert.deepEqual(rows, [{ user_id: 'ann' }])
    const [counted] = await data().of('bob').read`select count(*)::int as n from users`
    assert.deepEqual(counted, { n: 1 })
  })

  it('warns once of a statement that without its key would find more, and of no other', async () => {
    const warnings: (Error & { code?: string })[] = []
    const onWarning = (warning: Error) => void warnings.push(warning)
    process.on('warning', onWarning)
    try {
      for (let round = 0; round < 4; round += 1) {
        await data().of('ann').read`select body as forgotten from notes`
        await data().of('ann').write`update notes set body = body where body like 'of%'`
        await data().of('ann').read`select body from notes where user_id = 'ann'`
        await data().of('ann').write`update notes set body = body where user_id = ${'ann'}`
        await data().of('ann').read`select name, random() from plans`
        await data().of('ann').read`select count(*) from notes where user_id = 'ann'`
      }
      await new Promise((resolve) => setImmediate(resolve))
    } finally {
      process.off('warning', onWarning)
    }
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['BANYAN_KEY_UNSAID', 'BANYAN_KEY_UNSAID'],
    )
    assert.match(
      warnings[0]?.message ?? '',
      /the key "ann" .*: select body as forgotten from notes$/,
    )
    assert.match(warnings[1]?.message ?? '', /update notes/)
  })

  it('an insert under another key is refused, with the error of PostgreSQL as its cause', async () => {
    const fault = await trespasses(
      data().of('ann').write`insert into notes (user_id, body) values (${'bob'}, 'x')`,
      'ann',
      'notes',
    )
    assert.ok(fault.cause instanceof pg.DatabaseError)
    assert.equal(fault.cause.code, '42501')
    assert.match(fault.message, /writes a row of another key \(notes\): insert into notes/)
    const { rows } = await database().owner.query(`select from notes where body = 'x'`)
    assert.equal(rows.length, 0)
  })

  it('a select, join, update and delete of another key are found out, and change nothing', async () => {
    const ann = data().of('ann')
    await trespasses(ann.read`select * from notes where user_id = ${'bob'}`, 'ann', 'notes')
    await trespasses(
      ann.write`update notes set body = 'x' where user_id = ${'bob'} returning id`,
      'ann',
      'notes',
    )
    await trespasses(ann.write`delete from notes where user_id = ${'bob'}`, 'ann', 'notes')
    await assert.rejects(
      ann.read`select n.body from notes n join users u on u.id = n.user_id where u.id = ${'bob'}`,
      (error) =>
        BanyanError.is(error) &&
        error.code === 'BANYAN_WRONG_KEY' &&
        String(error.details.tables) === 'users,notes',
    )
    const { rows } = await database().owner.query(`select body from notes where user_id = 'bob'`)
    assert.deepEqual(rows, [{ body: 'of bob' }])
  })

  it('upsert, insert from a select, a writing CTE and merge are found out as well', async () => {
    const ann = data().of('ann')
    await trespasses(
      ann.write`insert into visits (user_id, day) values (${'bob'}, '2026-02-02')
        on conflict (user_id, day) do update set count = visits.count + 1`,
      'ann',
      'visits',
    )
    await trespasses(
      ann.write`insert into notes (user_id, body) select user_id, 'copy' from notes where user_id = ${'bob'}`,
      'ann',
      'notes',
    )
    await trespasses(
      ann.write`with gone as (delete from notes where user_id = ${'bob'} returning id) select id from gone`,
      'ann',
      'notes',
    )
    await trespasses(
      ann.write`merge into notes n using (values (${'bob'})) as v (id) on n.user_id = v.id
        when matched then update set body = 'merged'`,
      'ann',
      'notes',
    )
    const { rows } = await database().owner.query('select user_id, body from notes order by 1')
    assert.deepEqual(rows, [
      { user_id: 'ann', body: 'of ann' },
      { user_id: 'bob', body: 'of bob' },
    ])
  })

  it('the right key works: upsert, returning, CTE, merge, and what finds nothing anywhere', async () => {
    const ann = data().of('ann')
    await ann.write`insert into visits (user_id, day) values ('ann', '2026-02-02')
      on conflict (user_id, day) do update set count = visits.count + 1`
    assert.deepEqual(
      await ann.write`with seen as (select count from visits) update visits set count = 1
        from seen where user_id = 'ann' returning seen.count`,
      [{ count: 2 }],
    )
    assert.deepEqual(await ann.read`select from notes where user_id = ${'nobody'}`, [])
    assert.deepEqual(await ann.write`delete from notes where user_id = 'ann' and id < 0`, [])
    assert.deepEqual(
      await ann.write`insert into visits (user_id, day) values ('ann', '2026-02-02')
        on conflict do nothing returning day`,
      [],
    )
    assert.deepEqual(await ann.read`select name from plans where name = 'none'`, [])
    assert.deepEqual(await ann.read`select name from plans`, [{ name: 'free' }])
  })

  it('keys with quotes, backslashes, newlines and signs are keys like others', async () => {
    for (const key of [
      `o'hara`,
      'a\\b',
      `"; drop table notes; --`,
      'line\nbreak',
      '=',
      '💶',
      ' ',
    ]) {
      const scope = data().of(key)
      await scope.write`insert into users (id, email) values (${key}, ${key})`
      assert.deepEqual(await scope.read`select id from users`, [{ id: key }])
      await trespasses(data().of('ann').read`select from users where id = ${key}`, 'ann', 'users')
      await trespasses(scope.read`select from users where id = 'ann'`, key, 'users')
      await scope.write`delete from users where id = ${key}`
    }
  })

  it('reads stay reads', async () => {
    const fault = await data().of('ann').read`delete from notes where user_id = 'ann'`.catch(
      (error: unknown) => error,
    )
    assert.ok(fault instanceof pg.DatabaseError)
    assert.equal(fault.code, '25006')
  })

  it('what is no wrong key keeps its own error', async () => {
    const ann = data().of('ann')
    await assert.rejects(ann.read`select nonsense`, { code: '42703' })
    await assert.rejects(ann.read`select * from banyan_nothing`, { code: '42P01' })
    await assert.rejects(ann.write`create table public.mine (id int)`, { code: '42501' })
    await assert.rejects(ann.write`update notes set user_id = 'bob' where user_id = 'ann'`, {
      code: 'BANYAN_WRONG_KEY',
    })
    await assert.rejects(ann.write`select 1; select 2`, { code: '42601' })
  })

  it('statements that no transaction takes run without one, and a procedure may not commit', async () => {
    assert.deepEqual(await data().of('ann').write`vacuum plans`, [])
    await assert.rejects(data().of('ann').write`call tidy()`, { code: '2D000' })
  })
}
