import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import type { Table } from '@banyan/model'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { BanyanError, type Data } from 'banyan'
import { dialect } from 'banyan/kysely'
import { Kysely, sql as kyselySql } from 'kysely'
import pg from 'pg'
import { from } from 'pg-copy-streams'
import { type NarrowDatabase, openNarrow } from './narrow-setup.ts'

const tables: Table[] = [
  { kind: 'sharded', name: 'users', by: 'id', unique: [['email']] },
  { kind: 'sharded', name: 'notes', by: 'user_id', unique: [] },
  { kind: 'sharded', name: 'visits', by: 'user_id', unique: [] },
  { kind: 'reference', name: 'plans' },
]

const schema = `
  create table users (id text primary key, email text not null, name text not null default '');
  create table notes (user_id text not null references users (id) on delete cascade,
    id bigint generated always as identity, body text not null, other_id text references users (id),
    primary key (user_id, id));
  create table visits (user_id text not null, day date not null, count int not null default 1,
    primary key (user_id, day)) partition by range (day);
  create table visits_old partition of visits for values from (minvalue) to ('2026-01-01');
  create table visits_new partition of visits for values from ('2026-01-01') to (maxvalue);
  create table plans (name text primary key);
  insert into plans values ('free');
  create view all_notes as select * from notes;
  create view own_notes with (security_invoker = true) as select * from notes;
  create procedure tidy() language plpgsql as $$ begin commit; end $$;`

type Fault = BanyanError & { readonly cause: unknown }

/** The error of a wrong key, which names its key and its table. */
async function trespasses(work: Promise<unknown>, key: string, table: string): Promise<Fault> {
  const fault = await work.then(
    () => assert.fail('it was let through'),
    (error: unknown) => error,
  )
  assert.ok(BanyanError.is(fault), String(fault))
  assert.equal(fault.code, 'BANYAN_WRONG_KEY', fault.message)
  assert.equal(fault.details['key'], key)
  assert.deepEqual(fault.details['tables'], [table])
  assert.ok(fault.message.includes(JSON.stringify(key)), fault.message)
  assert.match(fault.hint ?? '', new RegExp(`${table}\\.`))
  return fault as Fault
}

/** Everything that narrow mode promises to an app whose tables Banyan migrates. */
export function narrowSuite(name: string, binaries: string): void {
  describe(`narrow mode on ${name}`, () => {
    let postgres: TestPostgres
    let database: NarrowDatabase
    let data: Data

    before(async () => {
      postgres = await startPostgres({ binaries })
      database = await openNarrow(postgres, schema, tables)
      data = database.data
      for (const id of ['ann', 'bob']) {
        await data.of(id).write`insert into users (id, email) values (${id}, ${`${id}@x.org`})`
        await data.of(id).write`insert into notes (user_id, body) values (${id}, ${`of ${id}`})`
        await data.of(id).write`insert into visits (user_id, day) values (${id}, '2026-02-02')`
      }
    })
    after(async () => {
      await database?.close()
      await postgres?.stop()
    })

    it('a scope sees the rows of its key and of no other, with and without a condition', async () => {
      const rows = await data.of('ann').read`select user_id from notes`
      assert.deepEqual(rows, [{ user_id: 'ann' }])
      const [counted] = await data.of('bob').read`select count(*)::int as n from users`
      assert.deepEqual(counted, { n: 1 })
    })

    it('warns once of a statement that without its key would find more, and of no other', async () => {
      const warnings: (Error & { code?: string })[] = []
      const onWarning = (warning: Error) => void warnings.push(warning)
      process.on('warning', onWarning)
      try {
        for (let round = 0; round < 4; round += 1) {
          await data.of('ann').read`select body as forgotten from notes`
          await data.of('ann').write`update notes set body = body where body like 'of%'`
          await data.of('ann').read`select body from notes where user_id = 'ann'`
          await data.of('ann').write`update notes set body = body where user_id = ${'ann'}`
          await data.of('ann').read`select name, random() from plans`
          await data.of('ann').read`select count(*) from notes where user_id = 'ann'`
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
        data.of('ann').write`insert into notes (user_id, body) values (${'bob'}, 'x')`,
        'ann',
        'notes',
      )
      assert.ok(fault.cause instanceof pg.DatabaseError)
      assert.equal(fault.cause.code, '42501')
      assert.match(fault.message, /writes a row of another key \(notes\): insert into notes/)
      const { rows } = await database.owner.query(`select from notes where body = 'x'`)
      assert.equal(rows.length, 0)
    })

    it('a select, join, update and delete of another key are found out, and change nothing', async () => {
      const ann = data.of('ann')
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
          String(error.details['tables']) === 'users,notes',
      )
      const { rows } = await database.owner.query(`select body from notes where user_id = 'bob'`)
      assert.deepEqual(rows, [{ body: 'of bob' }])
    })

    it('upsert, insert from a select, a writing CTE and merge are found out as well', async () => {
      const ann = data.of('ann')
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
      const { rows } = await database.owner.query('select user_id, body from notes order by 1')
      assert.deepEqual(rows, [
        { user_id: 'ann', body: 'of ann' },
        { user_id: 'bob', body: 'of bob' },
      ])
    })

    it('the right key works: upsert, returning, CTE, merge, and what finds nothing anywhere', async () => {
      const ann = data.of('ann')
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
        const scope = data.of(key)
        await scope.write`insert into users (id, email) values (${key}, ${key})`
        assert.deepEqual(await scope.read`select id from users`, [{ id: key }])
        await trespasses(data.of('ann').read`select from users where id = ${key}`, 'ann', 'users')
        await trespasses(scope.read`select from users where id = 'ann'`, key, 'users')
        await scope.write`delete from users where id = ${key}`
      }
    })

    it('reads stay reads', async () => {
      const fault = await data.of('ann').read`delete from notes where user_id = 'ann'`.catch(
        (error: unknown) => error,
      )
      assert.ok(fault instanceof pg.DatabaseError)
      assert.equal(fault.code, '25006')
    })

    it('a transaction over several keys sees each part under its own key, whatever their order', async () => {
      await data.transaction(['ann', 'bob'], async (tx) => {
        const both = await Promise.all([
          tx.of('ann').sql`select user_id from notes`,
          tx.of('bob').sql`select user_id from notes`,
          tx.of('ann').sql`select user_id from notes`,
        ])
        assert.deepEqual(both.flat(), [{ user_id: 'ann' }, { user_id: 'bob' }, { user_id: 'ann' }])
        await tx.of('bob').sql`update users set name = 'B' where id = 'bob'`
      })
      await trespasses(
        data.transaction(
          ['ann', 'bob'],
          (tx) => tx.of('bob').sql`select from notes where user_id = 'ann'`,
        ),
        'bob',
        'notes',
      )
      await assert.rejects(
        data.transaction(['ann', 'bob'], (tx) =>
          tx.of('ann').savepoint(() => tx.of('bob').sql`select 1`),
        ),
        { code: 'BANYAN_TRANSACTION_BUSY' },
      )
    })

    it('a key goes on holding after savepoints, those of the app included', async () => {
      await data
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
      const ann = data.of('ann')
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
        await data.of('ann').transaction(
          async (tx) => {
            const [row] = await tx.sql`select current_setting('transaction_isolation') as level`
            assert.deepEqual(row, { level: isolation })
            assert.deepEqual(await tx.sql`select user_id from notes`, [{ user_id: 'ann' }])
          },
          { isolation },
        )
        await trespasses(
          data.of('ann').transaction((tx) => tx.sql`select from notes where user_id = 'bob'`, {
            isolation,
          }),
          'ann',
          'notes',
        )
      }
      await data.of('ann').transaction(async (tx) => {
        await tx.sql`set transaction isolation level serializable`
        const [row] = await tx.sql`select current_setting('transaction_isolation') as level`
        assert.deepEqual(row, { level: 'serializable' })
      })
    })

    it('data.by, data.everywhere and Pool see everything', async () => {
      const bob = await data.by('users.email', 'bob@x.org')
      assert.ok(bob !== null)
      assert.deepEqual(await bob.read`select id from users`, [{ id: 'bob' }])
      const { value } = await data.everywhere({
        each: (shard) => shard.read<{ user_id: string }>`select user_id from notes order by 1`,
        combine: (parts) => parts.flat().map(({ user_id }) => user_id),
      })
      assert.deepEqual(value, ['ann', 'bob'])
      const { rows } = await database.pool.query('select user_id from notes order by 1')
      assert.deepEqual(rows, [{ user_id: 'ann' }, { user_id: 'bob' }])
    })

    it('the owner of a unique value is protected across keys, with the code and name of an index', async () => {
      const fault = await data.of('cy')
        .write`insert into users (id, email) values ('cy', 'bob@x.org')`.catch((error) => error)
      assert.ok(fault instanceof pg.DatabaseError, String(fault))
      assert.deepEqual([fault.code, fault.constraint], ['23505', 'users_email_key'])
    })

    it('foreign keys and cascades hold across keys', async () => {
      const ann = data.of('ann')
      await ann.write`insert into notes (user_id, body, other_id) values ('ann', 'to bob', 'bob')`
      await assert.rejects(
        ann.write`insert into notes (user_id, body, other_id) values ('ann', 'x', 'nobody')`,
        { code: '23503' },
      )
      await assert.rejects(data.of('bob').write`delete from users where id = 'bob'`, {
        code: '23503',
      })
      await ann.write`delete from notes where body = 'to bob'`
      await data.of('eve').write`insert into users (id, email) values ('eve', 'eve@x.org')`
      await data.of('eve').write`insert into notes (user_id, body) values ('eve', 'x')`
      await data.of('eve').write`delete from users where id = 'eve'`
      assert.deepEqual(await data.of('eve').read`select from notes where user_id = 'eve'`, [])
    })

    it('partitions are narrow through their table and by themselves', async () => {
      const ann = data.of('ann')
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
      const ann = data.of('ann')
      assert.deepEqual(await ann.read`select user_id from own_notes`, [{ user_id: 'ann' }])
      await assert.rejects(ann.read`select from own_notes where user_id = 'bob'`, {
        code: 'BANYAN_WRONG_KEY',
      })
      assert.equal((await ann.read`select user_id from all_notes`).length, 2)
    })

    it('COPY and TRUNCATE through Pool work, and TRUNCATE in a scope is found out', async () => {
      const client = await database.pool.connect()
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
      await trespasses(data.of('ann').write`truncate visits`, 'ann', 'visits')
      assert.equal((await data.of('ann').read`select from visits`).length, 1)
    })

    it('what is no wrong key keeps its own error', async () => {
      const ann = data.of('ann')
      await assert.rejects(ann.read`select nonsense`, { code: '42703' })
      await assert.rejects(ann.read`select * from banyan_nothing`, { code: '42P01' })
      await assert.rejects(ann.write`create table public.mine (id int)`, { code: '42501' })
      await assert.rejects(ann.write`update notes set user_id = 'bob' where user_id = 'ann'`, {
        code: 'BANYAN_WRONG_KEY',
      })
      await assert.rejects(ann.write`select 1; select 2`, { code: '42601' })
    })

    it('statements that no transaction takes run without one, and a procedure may not commit', async () => {
      assert.deepEqual(await data.of('ann').write`vacuum plans`, [])
      await assert.rejects(data.of('ann').write`call tidy()`, { code: '2D000' })
    })

    it('a row that another transaction holds is not waited for', async () => {
      await database.owner.query(`begin; update notes set body = 'held' where user_id = 'bob'`)
      try {
        const began = performance.now()
        await trespasses(
          data.of('ann').write`delete from notes where user_id = 'bob'`,
          'ann',
          'notes',
        )
        assert.ok(performance.now() - began < 5_000)
      } finally {
        await database.owner.query('rollback')
      }
    })

    it('a scope is not accused when rows of its key come and go meanwhile', async () => {
      await data.of('q').write`insert into users (id, email) values ('q', 'q@x.org')`
      let stopped = false
      const produce = async () => {
        while (!stopped) {
          await data.of('q').write`insert into notes (user_id, body) values ('q', 'job')`
        }
      }
      const consume = async () => {
        for (let round = 0; round < 150; round += 1) {
          await data.of('q').write`delete from notes where (user_id, id) = (
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
      await data.of('q').write`delete from users where id = 'q'`
    })

    it('a lost connection sends a read again, and leaves nothing of a write', async () => {
      const ann = data.of('ann')
      const cut = async (marker: string) => {
        for (let cuts = 0; cuts === 0; ) {
          const { rows } = await database.admin.query(
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

    it('leaves sessions as they were: connections that a scope used see everything again', async () => {
      for (let round = 0; round < 20; round += 1) await data.of('ann').read`select from notes`
      const { value } = await data.everywhere({
        each: (
          shard,
        ) => shard.read`select current_user::text as who, current_setting('banyan.key', true) as key,
          (select count(*)::int from users) as users`,
        combine: (parts) => parts.flat(),
      })
      assert.deepEqual(value, [{ who: 'banyan_wide', key: '', users: 2 }])
    })

    it('Kysely in a scope is narrow: statements, transactions, streams, read-only', async () => {
      type Tables = {
        notes: { user_id: string; body: string }
        users: { id: string; name: string }
      }
      const db = new Kysely<Tables>({ dialect: dialect(data.of('ann')) })
      const readOnly = new Kysely<Tables>({ dialect: dialect(data.of('ann'), { readOnly: true }) })
      const code = { code: 'BANYAN_WRONG_KEY' }
      assert.deepEqual(await db.selectFrom('notes').select('user_id').execute(), [
        { user_id: 'ann' },
      ])
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
      for await (const row of db.selectFrom('notes').select('user_id').stream(10))
        streamed.push(row)
      assert.deepEqual(streamed, [{ user_id: 'ann' }])
      await assert.rejects(async () => {
        for await (const row of wrong.stream(10)) assert.fail(JSON.stringify(row))
      }, code)
      await db.transaction().execute(async (trx) => {
        await trx.updateTable('users').set({ name: 'K' }).where('id', '=', 'ann').execute()
        assert.equal((await trx.selectFrom('users').selectAll().execute()).length, 1)
      })
      await assert.rejects(
        db
          .transaction()
          .execute((trx) => trx.deleteFrom('users').where('id', '=', 'bob').execute()),
        code,
      )
      await db.connection().execute(async (one) => {
        await kyselySql`begin`.execute(one)
        await one.updateTable('users').set({ name: 'undone' }).where('id', '=', 'ann').execute()
        await kyselySql`rollback`.execute(one)
      })
      assert.deepEqual(await db.selectFrom('users').select('name').execute(), [{ name: 'K' }])
    })
  })
}
