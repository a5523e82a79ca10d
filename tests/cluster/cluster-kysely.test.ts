import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Data, Scope } from 'banyan'
import { dialect } from 'banyan/kysely'
import { Kysely, sql } from 'kysely'
import { startMembers, type TestMembers } from './support/members.ts'
import { makeCounters, openReading, readCounters } from './support/reading.ts'

type Counters = { counters: { id: string; n: number } }

const at = sql<string>`host(inet_server_addr()) || ':' || inet_server_port()`.as('at')

describe('a Kysely that only reads, on replicas', { timeout: 120_000 }, () => {
  let cluster: TestMembers
  let data: Data
  let close: () => Promise<void>
  let primary: string

  before(async () => {
    cluster = await startMembers({ replicas: 2 })
    await makeCounters(cluster)
    const reading = await openReading(cluster)
    data = reading.data
    close = reading.close
    await readCounters(data, cluster, { reads: 10 })
    await sleep(700)
    const { host, port } = cluster.member('db-1')
    primary = `${host}:${port}`
  })
  after(async () => {
    await close?.()
    await cluster?.stop()
  })

  const reader = (scope: Scope): Kysely<Counters> =>
    new Kysely<Counters>({ dialect: dialect(scope, { readOnly: true }) })

  const read = (on: Kysely<Counters>, id: string) =>
    on.selectFrom('counters').select(['n', at]).where('id', '=', id).executeTakeFirstOrThrow()

  it('sees every write that was acknowledged before it, on replicas too', async (context) => {
    const db = reader(data.of('c1'))
    let elsewhere = 0
    for (let n = 1; n <= 200; n += 1) {
      await data.of('c1').write`update counters set n = ${n} where id = 'c1'`
      const row = await read(db, 'c1')
      assert.equal(row.n, n)
      if (row.at !== primary) elsewhere += 1
      // A caller who reads on and on, and fast, would be sent to a primary that is at ease.
      await sleep(5)
    }
    context.diagnostic(`${elsewhere} of 200 on replicas`)
    // How many it is depends on how busy the machine is; that there are any does not.
    assert.ok(elsewhere >= 20, `only ${elsewhere} of 200 were on replicas`)
  })

  it('is as fresh as its scope says', async () => {
    const whole = reader(data.of('c2', { consistency: { snapshot: true } }))
    const eventual = reader(data.of('c2', { consistency: 'eventual' }))
    for (let times = 0; times < 20; times += 1) {
      assert.equal((await read(whole, 'c2')).at, primary)
      assert.notEqual((await read(eventual, 'c2')).at, primary)
    }
  })

  it('is on the primary in transactions and streams', async () => {
    const db = reader(data.of('c3'))
    const inside = await db.transaction().execute((tx) => read(tx, 'c3'))
    assert.equal(inside.at, primary)
    for await (const row of db.selectFrom('counters').select(at).stream(4)) {
      assert.equal(row.at, primary)
    }
  })

  it('cannot write, and says so as PostgreSQL does', async () => {
    const db = reader(data.of('c4'))
    const writes = [
      sql`with gone as (delete from counters where id = 'c4' returning n) select n from gone`,
      sql`delete from counters where id = 'c4'`,
    ]
    for (const write of writes) await assert.rejects(write.execute(db), { code: '25006' })
  })

  it('reads on where it was sent when a replica dies', async () => {
    const db = reader(data.of('c5', { consistency: 'eventual' }))
    const { n } = await read(reader(data.of('c5', { consistency: { snapshot: true } })), 'c5')
    await cluster.kill('db-2')
    for (let times = 0; times < 50; times += 1) assert.equal((await read(db, 'c5')).n, n)
    await cluster.start('db-2')
  })
})
