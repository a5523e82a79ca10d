import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Table } from '@banyan/model'
import { startPostgres, type TestPostgres, writeRuntimeFile } from '@banyan/testing'
import { BanyanError, type Data, sql } from 'banyan'
import pg from 'pg'
import { openData } from '../../packages/banyan/src/data/data.ts'

const tables: Table[] = [{ kind: 'sharded', name: 'notes', by: 'user_id', unique: [] }]

const code = (expected: string) => (error: unknown) => {
  assert.ok(BanyanError.is(error), `expected ${expected}, got ${error}`)
  assert.equal(error.code, expected)
  return true
}

describe('data on one server', () => {
  let postgres: TestPostgres
  let data: Data
  let owner: pg.Client
  let system: { path: string; remove(): Promise<void> }

  before(async () => {
    postgres = await startPostgres()
    const { ownerUrl, appUrl } = await postgres.createDatabase()
    owner = new pg.Client({ connectionString: ownerUrl })
    await owner.connect()
    await owner.query(`create table notes (
      user_id text, id bigint generated always as identity, body text, tags text[], extra jsonb,
      primary key (user_id, id))`)
    system = await writeRuntimeFile({ url: appUrl, tables })
    data = openData({ systemFile: () => system.path })
  })
  after(async () => {
    await data.close()
    await owner.end()
    await postgres.stop()
    await system.remove()
  })

  const bodies = async (user: string): Promise<string[]> => {
    const rows = await data.of(user).read<{ body: string }>`
      select body from notes where user_id = ${user} order by id`
    return rows.map(({ body }) => body)
  }
  const add = (user: string, body: string) =>
    data.of(user).write`insert into notes (user_id, body) values (${user}, ${body})`

  it('writes and reads back, and gives a plain array of rows', async () => {
    const rows = await data.of('ann').write<{ body: string }>`
      insert into notes (user_id, body) values (${'ann'}, ${'first'}) returning body`
    assert.deepEqual(rows, [{ body: 'first' }])
    assert.ok(Array.isArray(rows))
    assert.deepEqual(await bodies('ann'), ['first'])
  })

  it('never lets a value become SQL', async () => {
    const evil = `'); drop table notes; --`
    await add('bob', evil)
    assert.deepEqual(await bodies('bob'), [evil])
    assert.deepEqual(await bodies(`bob' or '1'='1`), [])
  })

  it('passes null, arrays, objects, dates, buffers, booleans and bigints as node-postgres does', async () => {
    const [row] = await data.of('x').read`select ${null}::text as nothing,
      ${['a', 'b, "c"']}::text[] as list, ${{ deep: [1] }}::jsonb as thing,
      ${new Date(0)}::timestamptz as moment, ${Buffer.from([0, 255])}::bytea as bytes,
      ${true}::bool as yes, ${2n ** 62n}::bigint as big`
    assert.deepEqual(row, {
      nothing: null,
      list: ['a', 'b, "c"'],
      thing: { deep: [1] },
      moment: new Date(0),
      bytes: Buffer.from([0, 255]),
      yes: true,
      big: String(2n ** 62n),
    })
  })

  it('puts statements together from fragments, identifiers and joined lists', async () => {
    const columns = sql.join([sql.identifier('user_id'), sql.identifier('notes', 'body')])
    const wanted = sql`user_id in (${sql.join(['ann', 'bob'])}) and ${sql`body = ${'first'}`}`
    const statement = sql`select ${columns} from ${sql.identifier('notes')} where ${wanted}`
    assert.deepEqual(await data.of('ann').read(statement), [{ user_id: 'ann', body: 'first' }])
  })

  it('refuses a write inside read with 25006 and says what to use', async () => {
    const fault = await data.of('ann').read`delete from notes`.catch((error: unknown) => error)
    assert.ok(fault instanceof pg.DatabaseError)
    assert.equal(fault.code, '25006')
    assert.match(fault.hint ?? '', /`write`/)
    assert.match(fault.stack ?? '', /data\.test/)
  })

  it('passes the errors of PostgreSQL through with their SQLSTATE', async () => {
    await assert.rejects(
      data.of('ann').write`insert into notes (user_id, id, body)
        overriding system value select user_id, id, 'again' from notes limit 1`,
      (error) => error instanceof pg.DatabaseError && error.code === '23505',
    )
  })

  it('refuses several statements in one template', async () => {
    await assert.rejects(data.of('ann').write`select 1; select 2`, { code: '42601' })
  })

  it('keeps its connections after errors, and works on', async () => {
    const [own] = await data.of('ann').write<{ pid: number }>`select pg_backend_pid() as pid`
    for (let round = 0; round < 20; round += 1) {
      await assert.rejects(data.of('ann').write`select nonsense`, { code: '42703' })
    }
    // Which of the idle connections comes next is open; this one has to be among them.
    const { rows } = await owner.query('select from pg_stat_activity where pid = $1', [own?.pid])
    assert.equal(rows.length, 1)
    assert.equal((await data.of('ann').write`select 1`).length, 1)
  })

  it('does not leave a transaction open that a statement began', async () => {
    await data.of('ann').write`begin`
    await add('leak', 'committed at once')
    const { rows } = await owner.query(`select body from notes where user_id = 'leak'`)
    assert.deepEqual(rows, [{ body: 'committed at once' }])
  })

  it('commits a transaction that returns, and gives its value', async () => {
    const value = await data.of('cy').transaction(async (tx) => {
      await tx.sql`insert into notes (user_id, body) values ('cy', 'one')`
      await tx.sql`insert into notes (user_id, body) values ('cy', 'two')`
      return 42
    })
    assert.equal(value, 42)
    assert.deepEqual(await bodies('cy'), ['one', 'two'])
  })

  it('rolls back a transaction that throws, and throws on what it threw', async () => {
    const own = new Error('mine')
    await assert.rejects(
      data.of('dee').transaction(async (tx) => {
        await tx.sql`insert into notes (user_id, body) values ('dee', 'one')`
        throw own
      }),
      (error) => error === own,
    )
    assert.deepEqual(await bodies('dee'), [])
  })

  it('says so when PostgreSQL rolled back because a statement had failed', async () => {
    const fault = await data
      .of('eve')
      .transaction(async (tx) => {
        await tx.sql`insert into notes (user_id, body) values ('eve', 'one')`
        await tx.sql`select 1 / 0`.catch(() => {})
        return 'fine'
      })
      .catch((error: unknown) => error)
    assert.ok(code('BANYAN_TRANSACTION_ABORTED')(fault))
    assert.equal(((fault as Error).cause as { code: string }).code, '22012')
    assert.deepEqual(await bodies('eve'), [])
  })

  it('notices a failed statement that nobody awaited', async () => {
    await assert.rejects(
      data.of('eve').transaction(async (tx) => {
        tx.sql`select 1 / 0`.catch(() => {})
      }),
      code('BANYAN_TRANSACTION_ABORTED'),
    )
  })

  it('runs statements given at once one after the other', async () => {
    await data.of('fay').transaction(async (tx) => {
      await Promise.all(
        ['a', 'b', 'c'].map(
          (body) => tx.sql`insert into notes (user_id, body) values ('fay', ${body})`,
        ),
      )
    })
    assert.deepEqual(await bodies('fay'), ['a', 'b', 'c'])
  })

  it('refuses a transaction that is used after its end', async () => {
    const kept = await data.of('ann').transaction(async (tx) => tx)
    await assert.rejects(kept.sql`select 1`, code('BANYAN_TRANSACTION_ENDED'))
  })

  it('refuses a transaction that a statement of its own ended', async () => {
    await assert.rejects(
      data.of('gil').transaction(async (tx) => {
        await tx.sql`insert into notes (user_id, body) values ('gil', 'kept')`
        await tx.sql`commit`
      }),
      code('BANYAN_TRANSACTION_ENDED'),
    )
  })

  it('rolls back to a savepoint, and keeps what was before and after', async () => {
    await data.of('hal').transaction(async (tx) => {
      await tx.sql`insert into notes (user_id, body) values ('hal', 'before')`
      await assert.rejects(
        tx.savepoint(async (inner) => {
          await inner.sql`insert into notes (user_id, body) values ('hal', 'lost')`
          await inner.savepoint((deep) => deep.sql`select 1 / 0`)
        }),
        { code: '22012' },
      )
      const value = await tx.savepoint(async (inner) => {
        await inner.sql`insert into notes (user_id, body) values ('hal', 'after')`
        return 'value'
      })
      assert.equal(value, 'value')
    })
    assert.deepEqual(await bodies('hal'), ['before', 'after'])
  })

  it('says so when a savepoint swallowed the error of a statement', async () => {
    await data.of('ivy').transaction(async (tx) => {
      await assert.rejects(
        tx.savepoint(async (inner) => {
          await inner.sql`select 1 / 0`.catch(() => {})
        }),
        code('BANYAN_TRANSACTION_ABORTED'),
      )
      await tx.sql`insert into notes (user_id, body) values ('ivy', 'kept')`
    })
    assert.deepEqual(await bodies('ivy'), ['kept'])
  })

  it('refuses the outer transaction while a savepoint runs', async () => {
    await data.of('ann').transaction(async (tx) => {
      await tx.savepoint(async () => {
        await assert.rejects(tx.sql`select 1`, code('BANYAN_TRANSACTION_BUSY'))
        await assert.rejects(
          tx.savepoint(async () => {}),
          code('BANYAN_TRANSACTION_BUSY'),
        )
      })
      await tx.sql`select 1`
    })
  })

  it('runs a transaction at the isolation that was asked for', async () => {
    const levels = ['read committed', 'repeatable read', 'serializable'] as const
    for (const isolation of levels) {
      const show = await data
        .of('ann')
        .transaction((tx) => tx.sql`show transaction_isolation`, { isolation })
      assert.deepEqual(show, [{ transaction_isolation: isolation }])
    }
  })

  it('runs a transaction again only when told to, after a serialization failure', async () => {
    await add('jo', '0')
    // The first three meet: each has read before any of them writes.
    const met = Promise.withResolvers<void>()
    let readers = 0
    const increment = (retry: boolean) =>
      data.of('jo').transaction(
        async (tx) => {
          const [row] = await tx.sql<{ body: string }>`select body from notes where user_id = 'jo'`
          readers += 1
          if (readers === 3) met.resolve()
          await met.promise
          await tx.sql`update notes set body = ${String(Number(row?.body) + 1)} where user_id = 'jo'`
        },
        { isolation: 'serializable', retry },
      )
    const once = await Promise.allSettled([increment(false), increment(false), increment(false)])
    const failed = once.filter(({ status }) => status === 'rejected')
    assert.equal(failed.length, 2)
    for (const fault of failed) assert.equal((fault as PromiseRejectedResult).reason.code, '40001')
    await Promise.all([increment(true), increment(true), increment(true)])
    assert.deepEqual(await bodies('jo'), ['4'])
  })

  it('moves between two keys in one transaction, and refuses a third', async () => {
    await data.transaction(['kim', 'lee'], async (tx) => {
      await tx.of('kim').sql`insert into notes (user_id, body) values ('kim', 'out')`
      await tx.of('lee').sql`insert into notes (user_id, body) values ('lee', 'in')`
    })
    await assert.rejects(
      data.transaction(['kim', 'lee'], async (tx) => {
        await tx.of('kim').sql`delete from notes where user_id = 'kim'`
        await tx.of('max').sql`delete from notes where user_id = 'max'`
      }),
      code('BANYAN_KEY_UNLISTED'),
    )
    assert.deepEqual(await bodies('kim'), ['out'])
    await assert.rejects(
      data.transaction([], async () => {}),
      code('BANYAN_KEY_INVALID'),
    )
  })

  it('answers from everywhere, reading only, and says whether it was one snapshot', async () => {
    const answer = await data.everywhere({
      each: (shard) => shard.read<{ n: number }>`select count(*)::int as n from notes`,
      combine: (parts) => parts.reduce((sum, [row]) => sum + (row?.n ?? 0), 0),
    })
    const { rows } = await owner.query('select count(*)::int as n from notes')
    assert.deepEqual(answer, { value: rows[0].n, shards: ['main'], oneSnapshot: true })
    const two = await data.everywhere({
      each: async (shard) => [await shard.read`select 1`, await shard.read`select 2`],
      combine: (parts) => parts.length,
    })
    assert.deepEqual(two, { value: 1, shards: ['main'], oneSnapshot: false })
    await assert.rejects(
      data.everywhere({
        each: (shard) => shard.read`delete from notes`,
        combine: (parts) => parts,
      }),
      { code: '25006' },
    )
  })

  it('refuses a null, missing or wrong-typed key', () => {
    for (const key of [null, undefined, 7, '', {}, [], Number.NaN, 'a\0b']) {
      assert.throws(() => data.of(key as string), code('BANYAN_KEY_INVALID'), String(key))
    }
  })

  it('refuses an unknown consistency level, option or isolation, and names the known ones', async () => {
    assert.throws(
      () => data.of('a', { consistency: 'weak' as 'strong' }),
      code('BANYAN_CONSISTENCY_INVALID'),
    )
    assert.throws(() => data.of('a', { level: 'x' } as never), code('BANYAN_OPTION_INVALID'))
    const isolation = 'chaos' as 'serializable'
    await assert.rejects(
      data.of('a').transaction(async () => {}, { isolation }),
      code('BANYAN_OPTION_INVALID'),
    )
    for (const level of ['strong', 'session', 'eventual', { snapshot: true }] as const) {
      assert.deepEqual(await data.of('a', { consistency: level }).read`select 1 as n`, [{ n: 1 }])
    }
  })

  it('refuses undefined and other values that mean nothing, before anything is sent', async () => {
    const scope = data.of('ann')
    for (const value of [undefined, Promise.resolve(1), () => 1, Symbol('x')]) {
      await assert.rejects(scope.read`select ${value}`, code('BANYAN_SQL_INVALID'))
    }
    await assert.rejects(scope.read('select 1' as never), code('BANYAN_SQL_INVALID'))
  })

  it('lists the known lookups when an unknown one is asked for', async () => {
    await assert.rejects(data.by('users.mail', 'x'), code('BANYAN_LOOKUP_UNKNOWN'))
  })
})

describe('data without its system', () => {
  it('says what is missing at the first use, and asks again at the next', () => {
    let path: string | undefined
    const data = openData({ systemFile: () => path })
    assert.throws(() => data.of('a'), code('BANYAN_NO_SYSTEM'))
    path = '/nowhere/system.json'
    assert.throws(() => data.of('a'), code('BANYAN_SYSTEM_FILE_INVALID'))
  })

  it('is refused after it was closed', async () => {
    const data = openData({ systemFile: () => undefined })
    await data.close()
    await data.close()
    assert.throws(() => data.of('a'), code('BANYAN_DATA_CLOSED'))
  })
})
