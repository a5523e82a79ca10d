import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Table } from '@banyan/model'
import { type RuntimeFileOptions, writeRuntimeFile } from '@banyan/testing'
import type { Data } from 'banyan'
import { openData } from '../../packages/banyan/src/data/data.ts'
import {
  type ForeignServer,
  password,
  startForeign,
  startPooler,
  urlFor,
} from './support/adopted.ts'

const tables: Table[] = [
  { kind: 'sharded', name: 'users', by: 'id', unique: [['email'], ['country', 'tax']] },
  { kind: 'sharded', name: 'orders', by: 'user_id', unique: [] },
]

let foreign: ForeignServer
before(async () => {
  foreign = await startForeign()
  await foreign.admin(
    `alter table users add country text, add tax int;
     update users set country = 'at', tax = id; create unique index on users (country, tax)`,
  )
})
after(() => foreign?.postgres.stop())

async function withData(
  options: Partial<RuntimeFileOptions>,
  use: (data: Data) => Promise<void>,
): Promise<void> {
  const file = { url: foreign.url, tables, keyType: 'bigint', adopted: true } as const
  const system = await writeRuntimeFile({ ...file, ...options })
  const data = openData({ systemFile: () => system.path })
  try {
    await use(data)
  } finally {
    await data.close()
    await system.remove()
  }
}

test('data.by on an adopted database finds the owner in the table itself, by its index', async () => {
  await withData({}, async (data) => {
    const user = await data.by('users.email', 'u9@shop.example')
    assert.equal(user?.key, '9')
    const other = await data.by('users.country,tax', { country: 'at', tax: 4 })
    assert.equal(other?.key, '4')
    assert.equal(await data.by('users.country,tax', { country: 'de', tax: 4 }), null)
  })
  const plan = await foreign.admin(
    `set enable_seqscan = off; explain select "id"::text as key from public."users" where "email" = 'x'`,
  )
  assert.match(JSON.stringify(plan), /Index Scan using users_email_key/)
})

test('what the URL sets for a session holds for readers and writers', async () => {
  const url = `${foreign.url}?options=${encodeURIComponent('-c statement_timeout=4321')}&application_name=shop`
  await withData({ url }, async (data) => {
    const settings = `current_setting('statement_timeout') as timeout, current_setting('application_name') as name`
    const ask = `select ${settings}, current_setting('transaction_read_only') as only`
    const template = Object.assign([ask], { raw: [ask] }) as unknown as TemplateStringsArray
    const expected = { timeout: '4321ms', name: 'shop' }
    assert.deepEqual(await data.of(1).read(template), [{ ...expected, only: 'on' }])
    assert.deepEqual(await data.of(1).write(template), [{ ...expected, only: 'off' }])
  })
})

test('transactions over several keys are those of the adopted server', async () => {
  await withData({}, async (data) => {
    await data.transaction([1, 2], async (tx) => {
      await tx.of(1).sql`update orders set cents = cents - 5 where user_id = 1`
      await tx.of(2).sql`update orders set cents = cents + 5 where user_id = 2`
    })
    const { value } = await data.everywhere({
      each: (shard) => shard.read<{ sum: number }>`select sum(cents)::int as sum from orders`,
      combine: (parts) => parts[0]?.[0]?.sum,
    })
    assert.equal(value, 201_000)
  })
})

describe('behind a pooler', () => {
  let pooler: Awaited<ReturnType<typeof startPooler>>
  before(async () => {
    pooler = await startPooler(foreign.postgres)
  })
  after(() => pooler?.stop())
  const pooled = () => ({ url: urlFor(pooler, 'ann', password, 'shop'), pooled: true })

  test('a read cannot write, and the connection is good for the next one', async () => {
    await withData({ ...pooled(), connectionsMax: 2 }, async (data) => {
      const scope = data.of(3)
      for (let round = 0; round < 3; round += 1) {
        await assert.rejects(scope.read`delete from orders where user_id = 3`, { code: '25006' })
        await assert.rejects(scope.read`select 1 / 0`, { code: '22012' })
        assert.deepEqual(await scope.read`select 1 as one`, [{ one: 1 }])
      }
      assert.deepEqual(await scope.write`select current_setting('transaction_read_only') as only`, [
        { only: 'off' },
      ])
    })
  })

  test('a read whose server restarts is asked again', async () => {
    await withData(pooled(), async (data) => {
      assert.deepEqual(await data.of(3).read`select 1 as one`, [{ one: 1 }])
      foreign.postgres.kill('SIGQUIT')
      const asked = data.of(3).read`select 2 as two`
      await foreign.postgres.restart()
      assert.deepEqual(await asked, [{ two: 2 }])
    })
  })
})
