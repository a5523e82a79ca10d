import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { startPostgres, type TestPostgres, writeRuntimeFile } from '@banyan/testing'
import { BanyanError, type Data } from 'banyan'
import { Pool } from 'banyan/pg'
import pg from 'pg'
import { openData } from '../../packages/banyan/src/data/data.ts'

const connectionsMax = 6

describe('the connections of one process', () => {
  let postgres: TestPostgres
  let admin: pg.Client
  let data: Data
  let pool: pg.Pool
  let system: { path: string; remove(): Promise<void> }
  const saved = { system: process.env['BANYAN_SYSTEM'], url: process.env['DATABASE_URL'] }

  before(async () => {
    postgres = await startPostgres()
    const { appUrl } = await postgres.createDatabase()
    admin = new pg.Client({ connectionString: postgres.adminUrl })
    await admin.connect()
    system = await writeRuntimeFile({ url: appUrl, connectionsMax })
    process.env['BANYAN_SYSTEM'] = system.path
    delete process.env['DATABASE_URL']
    data = openData({ systemFile: () => process.env['BANYAN_SYSTEM'] })
    pool = new Pool({ max: 50 })
  })
  after(async () => {
    if (saved.system === undefined) delete process.env['BANYAN_SYSTEM']
    else process.env['BANYAN_SYSTEM'] = saved.system
    if (saved.url !== undefined) process.env['DATABASE_URL'] = saved.url
    await Promise.all([data.close(), pool.end(), admin.end()])
    await postgres.stop()
    await system.remove()
  })

  const sessions = async (): Promise<number> => {
    const { rows } = await admin.query(
      `select count(*)::int as n from pg_stat_activity where usename = 'banyan_app'`,
    )
    return rows[0].n
  }

  it('start with none, before the first use', async () => {
    assert.equal(await sessions(), 0)
    assert.equal(pool.options.max, connectionsMax)
  })

  it('stay under the maximum, whatever reads, writes, transactions and pools do at once', async () => {
    let over = false
    let most = 0
    const watching = (async () => {
      while (!over) {
        most = Math.max(most, await sessions())
        await wait(5)
      }
    })()
    const done = { read: 0, write: 0, transaction: 0, pool: 0 }
    const kinds: Record<keyof typeof done, () => Promise<unknown>> = {
      read: () => data.of('a').read`select pg_sleep(0.002)`,
      write: () => data.of('a').write`select pg_sleep(0.002)`,
      transaction: () => data.of('a').transaction((tx) => tx.sql`select pg_sleep(0.002)`),
      pool: () => pool.query('select pg_sleep(0.002)'),
    }
    const deadline = performance.now() + 2_000
    const loops = Object.entries(kinds).flatMap(([kind, run]) =>
      Array.from({ length: 15 }, async () => {
        while (performance.now() < deadline) {
          await run()
          done[kind as keyof typeof done] += 1
        }
      }),
    )
    await Promise.all(loops)
    over = true
    await watching
    assert.ok(most <= connectionsMax, `${most} sessions at once`)
    assert.ok(most >= connectionsMax - 2, `only ${most} sessions at once`)
    for (const [kind, count] of Object.entries(done)) assert.ok(count > 50, `${kind}: ${count}`)
  })

  it('go to whoever needs them once the others are idle', async () => {
    // Connections above a pool's share stay until they have been idle for a while, or are asked for.
    await Promise.all(Array.from({ length: 6 }, () => pool.query('select pg_sleep(0.05)')))
    const rows = await Promise.all(
      Array.from({ length: 20 }, () => data.of('a').read`select pg_sleep(0.01), 1 as n`),
    )
    assert.equal(rows.length, 20)
    assert.ok((await sessions()) <= connectionsMax)
  })

  it('are all usable again after every session was terminated, many times over', async () => {
    const faults = new Set<unknown>()
    for (let round = 0; round < 5; round += 1) {
      const load = Promise.allSettled(
        Array.from({ length: 60 }, (_, at) =>
          at % 2 === 0
            ? data.of('a').read`select pg_sleep(0.005)`
            : pool.query('select pg_sleep(0.005)'),
        ),
      )
      await wait(10)
      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where usename = 'banyan_app'`)
      for (const [at, result] of (await load).entries()) {
        if (result.status === 'fulfilled') continue
        assert.equal(at % 2, 1, `a read failed: ${result.reason}`)
        faults.add(result.reason.code)
      }
    }
    // What a Pool sent is never sent again, so that its callers learn of the termination.
    for (const code of faults) assert.ok(code === '57P01' || code === undefined, String(code))
    await Promise.all(Array.from({ length: 40 }, () => data.of('a').read`select pg_sleep(0.002)`))
    await Promise.all(Array.from({ length: 40 }, () => pool.query('select pg_sleep(0.002)')))
    assert.equal(pool.waitingCount, 0)
    assert.ok((await sessions()) <= connectionsMax)
  })

  it('are enough for thousands of requests at once, which wait their turn', async () => {
    const rows = await Promise.all(
      Array.from(
        { length: 5_000 },
        (_, at) => data.of('a').read<{ at: number }>`select ${at}::int as at`,
      ),
    )
    assert.ok(rows.every(([row], at) => row?.at === at))
  })

  it('are not left behind by transactions that fail in every way', async () => {
    for (let round = 0; round < 30; round += 1) {
      const scope = data.of('a')
      await Promise.allSettled([
        scope.transaction((tx) => tx.sql`select nonsense`),
        scope.transaction(async () => {
          throw new Error('mine')
        }),
        scope.transaction(async (tx) => {
          await tx.sql`select 1 / 0`.catch(() => {})
        }),
        scope.transaction(async (tx) => {
          void tx.sql`select pg_sleep(0.001)`
          throw new Error('with a statement on its way')
        }),
        scope.transaction((tx) => tx.sql`select ${undefined}`),
        scope.write`begin`,
        scope.write`select nonsense`,
      ])
    }
    assert.ok((await sessions()) <= connectionsMax)
    const [row] = await data.of('a').write<{
      now: string
    }>`select pg_current_xact_id_if_assigned() as now`
    assert.equal(row?.now, null)
  })

  it('wait too long for themselves: a transaction that asks for another connection is told so', async () => {
    const own = await writeRuntimeFile({
      url: (await postgres.createDatabase()).appUrl,
      connectionsMax: 1,
    })
    const narrow = openData({ systemFile: () => own.path, busyTimeoutMs: 200 })
    await assert.rejects(
      narrow.of('a').transaction(() => narrow.of('a').write`select 1`),
      (error) =>
        BanyanError.is(error) &&
        error.code === 'BANYAN_CONNECTIONS_BUSY' &&
        /tx\.sql/.test(error.hint ?? ''),
    )
    assert.deepEqual(await narrow.of('a').write`select 1 as n`, [{ n: 1 }])
    await narrow.close()
    await own.remove()
  })
})
