import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError, type ErrorCode } from 'banyan'
import { Pool } from 'banyan/pg'
import { startCuttingProxy } from './cutting-proxy.ts'
import { type ClusterData, makeNotes, openClusterData } from './support/cluster-data.ts'
import { startMembers, type TestMembers } from './support/members.ts'
import { until } from './support/until.ts'

const code = (expected: ErrorCode) => (error: unknown) => {
  assert.ok(BanyanError.is(error), `expected ${expected}, got ${error}`)
  assert.equal(error.code, expected)
  return true
}

let cluster: TestMembers
let opened: ClusterData
before(async () => {
  cluster = await startMembers({ replicas: 1, synchronous: true })
  await makeNotes(cluster)
  opened = await openClusterData(cluster)
})
after(async () => {
  await opened?.close()
  await cluster?.stop()
})

const count = async (id: string): Promise<number> =>
  Number(await cluster.value('db-1', 'select count(*)::int from notes where id = $1', [id]))

describe('a commit whose wait for a replica is called off', () => {
  let pool: InstanceType<typeof Pool>
  before(async () => {
    await cluster.freeze('db-2')
    pool = new Pool({ connectionString: cluster.member('db-1').appUrl })
  })
  after(async () => {
    await cluster.thaw('db-2')
    await pool.end()
  })

  /** Ends the wait of whoever waits now; the connection lives on, or not. */
  async function callOff(how: 'pg_cancel_backend' | 'pg_terminate_backend'): Promise<void> {
    const sql = `select count(*)::int as n, count(${how}(pid))::int from pg_stat_activity
      where wait_event = 'SyncRep' and usename = 'banyan_app'`
    await until(async () => Number(await cluster.value('db-1', sql)) > 0, 'a commit waits')
  }

  for (const how of ['pg_cancel_backend', 'pg_terminate_backend'] as const) {
    it(`by ${how} is in doubt when it committed by itself`, async () => {
      const id = `alone ${how}`
      const { data } = opened
      const write = data.of(id).write`insert into notes (id) values (${id})`
      await Promise.all([assert.rejects(write, code('BANYAN_OUTCOME_UNKNOWN')), callOff(how)])
      assert.equal(await count(id), 1, 'the primary has it, which is no promise')
    })

    it(`by ${how} is in doubt when it was COMMIT`, async () => {
      const id = `commit ${how}`
      const { data } = opened
      const done = data
        .of(id)
        .transaction((tx) => tx.sql`insert into notes (id) values (${id})`, { retry: true })
      await Promise.all([assert.rejects(done, code('BANYAN_OUTCOME_UNKNOWN')), callOff(how)])
    })
  }

  it('is an error of the drop-in pool, too: alone, at COMMIT, at PREPARE TRANSACTION', async () => {
    const insert = "insert into notes (id) values ('pool ' || $1)"
    const alone = pool.query(insert, ['alone'])
    await Promise.all([
      assert.rejects(alone, code('BANYAN_OUTCOME_UNKNOWN')),
      callOff('pg_cancel_backend'),
    ])
    for (const end of ['commit', "prepare transaction 'doubt'"]) {
      const client = await pool.connect()
      await client.query('begin')
      await client.query(insert, [end])
      const ending = client.query(end)
      await Promise.all([
        assert.rejects(ending, code('BANYAN_OUTCOME_UNKNOWN')),
        callOff('pg_cancel_backend'),
      ])
      assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }])
      client.release()
    }
  })

  it('is waited for again by a transaction with a key, which then tells what it gave', async () => {
    const { data } = opened
    let runs = 0
    const done = data.of('k').transaction(
      async (tx) => {
        runs += 1
        await tx.sql`insert into notes (id) values ('called off, with a key')`
        return { run: runs }
      },
      { idempotencyKey: 'called off' },
    )
    let isDone = false
    void done.then(() => {
      isDone = true
    })
    await callOff('pg_cancel_backend')
    await sleep(300)
    assert.ok(!isDone, 'no replica has it yet')
    await cluster.thaw('db-2')
    assert.deepEqual(await done, { run: 1 })
    assert.equal(runs, 1)
  })
})

describe('an idempotency key', () => {
  const insert = (id: string, idempotencyKey: string, runs: { count: number }) =>
    opened.data.of('a').transaction(
      async (tx) => {
        runs.count += 1
        await tx.sql`insert into notes (id) values (${id})`
        return { id, at: new Date(0) }
      },
      { idempotencyKey },
    )

  it('gives the result of the first to everybody, as JSON, and does nothing twice', async () => {
    const runs = { count: 0 }
    const given = { id: 'once', at: '1970-01-01T00:00:00.000Z' }
    for (let time = 0; time < 3; time += 1) {
      assert.deepEqual(await insert('once', 'key of once', runs), given)
    }
    assert.equal(runs.count, 1)
    assert.equal(await count('once'), 1)
  })

  it('holds for those who come at the same moment, and for every isolation', async () => {
    for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const) {
      let runs = 0
      const deeds = Array.from({ length: 8 }, () =>
        opened.data.transaction(
          ['a', 'b'],
          async (tx) => {
            runs += 1
            await tx.of('a').sql`insert into notes (id) values (${isolation})`
            await sleep(50)
            return runs
          },
          { isolation, idempotencyKey: `at once ${isolation}` },
        ),
      )
      assert.deepEqual(new Set(await Promise.all(deeds)), new Set([1]), isolation)
      assert.equal(await count(isolation), 1)
    }
  })

  it('is not kept by a transaction that was rolled back', async () => {
    const fail = opened.data.of('a').transaction(
      async () => {
        throw new Error('no')
      },
      { idempotencyKey: 'second try' },
    )
    await assert.rejects(fail, /^Error: no$/)
    const runs = { count: 0 }
    await insert('second try', 'second try', runs)
    assert.equal(runs.count, 1)
  })

  it('is not kept where a statement failed and the callback went on regardless', async () => {
    const regardless = opened.data.of('a').transaction(
      async (tx) => {
        await tx.sql`select 1/0`.catch(() => {})
        return 1
      },
      { idempotencyKey: 'regardless' },
    )
    await assert.rejects(regardless, code('BANYAN_TRANSACTION_ABORTED'))
    assert.equal(
      await cluster.value(
        'db-1',
        "select count(*)::int from banyan.idempotency where key = 'regardless'",
      ),
      0,
    )
  })

  it('keeps nothing that is not JSON, nor a key that is none', async () => {
    const { data } = opened
    const bigint = data.of('a').transaction(async () => 1n, { idempotencyKey: 'bigint' })
    await assert.rejects(bigint, code('BANYAN_OPTION_INVALID'))
    for (const idempotencyKey of ['', 'a\0b', 'x'.repeat(2_000), 7 as unknown as string]) {
      const refused = data.of('a').transaction(async () => 1, { idempotencyKey })
      await assert.rejects(refused, code('BANYAN_OPTION_INVALID'))
    }
  })

  it('finds out how a COMMIT ended whose answer was lost', async () => {
    const { host, port } = cluster.member('db-1')
    const proxy = await startCuttingProxy(host, port)
    const behind = await openClusterData(cluster, ['db-1'])
    const file = cluster.runtimeFile(['db-1'])
    const members = [{ name: 'db-1', host: '127.0.0.1', port: proxy.port }]
    await behind.rewrite({ ...file, shards: file.shards.map((shard) => ({ ...shard, members })) })
    try {
      let runs = 0
      proxy.cutAnswerTo('commit')
      const given = await behind.data.of('a').transaction(
        async (tx) => {
          runs += 1
          await tx.sql`insert into notes (id) values ('lost answer')`
          return runs
        },
        { idempotencyKey: 'lost answer' },
      )
      assert.equal(proxy.cutsLeft, 0)
      assert.equal(given, 1)
      assert.equal(runs, 1, 'the first one had been committed')
      proxy.cutAnswerTo('insert into notes')
      const again = await behind.data.of('a').transaction(
        async (tx) => {
          runs += 1
          await tx.sql`insert into notes (id) values ('lost before')`
          return runs
        },
        { idempotencyKey: 'lost before' },
      )
      assert.equal(again, 3, 'nothing of the second one stayed, so that it was run again')
      assert.equal(await count('lost before'), 1)
    } finally {
      await behind.close()
      await proxy.close()
    }
  })

  it('is forgotten after a day, in passing', async () => {
    await cluster.query(
      'db-1',
      `insert into banyan.idempotency (key, at) values ('old', now() - interval '25 hours')`,
    )
    const old = "select count(*)::int from banyan.idempotency where key = 'old'"
    const runs = { count: 0 }
    for (let number = 0; number < 2_000; number += 1) {
      if (number % 20 === 0 && (await cluster.value('db-1', old)) === 0) break
      await insert(`passing ${number}`, `passing ${number}`, runs)
    }
    assert.equal(await cluster.value('db-1', old), 0)
    assert.ok(runs.count > 0)
  })
})
