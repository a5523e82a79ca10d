import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startPostgres, type TestPostgres, writeRuntimeFile } from '@banyan/testing'
import { BanyanError, type Data, type ErrorCode } from 'banyan'
import { dialect } from 'banyan/kysely'
import { Pool } from 'banyan/pg'
import { Kysely, sql as kyselySql } from 'kysely'
import pg from 'pg'
import { openData } from '../../packages/banyan/src/data/data.ts'
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts'

const code = (expected: ErrorCode) => (error: unknown) => {
  assert.ok(BanyanError.is(error), `expected ${expected}, got ${error}`)
  assert.equal(error.code, expected)
  return true
}

describe('an answer that is lost on its way', () => {
  let postgres: TestPostgres
  let proxy: CuttingProxy
  let data: Data
  let owner: pg.Client
  let proxyUrl: string
  let system: { path: string; remove(): Promise<void> }

  before(async () => {
    postgres = await startPostgres()
    const { ownerUrl, appUrl } = await postgres.createDatabase()
    owner = new pg.Client({ connectionString: ownerUrl })
    await owner.connect()
    await owner.query('create table facts (user_id text not null, id text not null)')
    proxy = await startCuttingProxy(postgres.host, postgres.port)
    const url = new URL(appUrl)
    url.hostname = '127.0.0.1'
    url.port = String(proxy.port)
    proxyUrl = url.href
    system = await writeRuntimeFile({ url: proxyUrl })
    data = openData({ systemFile: () => system.path })
  })
  after(async () => {
    await data.close()
    await proxy.close()
    await owner.end()
    await postgres.stop()
    await system.remove()
  })

  const count = async (id: string): Promise<number> => {
    const { rows } = await owner.query('select count(*)::int as n from facts where id = $1', [id])
    return rows[0].n
  }

  it('of a write is an unknown outcome, and the write is done once', async () => {
    proxy.cutAnswerTo('insert into facts')
    await assert.rejects(
      data.of('a').write`insert into facts values ('a', 'write')`,
      code('BANYAN_OUTCOME_UNKNOWN'),
    )
    assert.equal(await count('write'), 1)
  })

  it('of COMMIT is an unknown outcome, also with retry, and the transaction is done once', async () => {
    for (const retry of [false, true]) {
      const id = `retry ${retry}`
      proxy.cutAnswerTo('commit')
      await assert.rejects(
        data.of('a').transaction((tx) => tx.sql`insert into facts values ('a', ${id})`, { retry }),
        code('BANYAN_OUTCOME_UNKNOWN'),
      )
      assert.equal(await count(id), 1)
    }
  })

  it('of a statement before COMMIT is a lost connection, and nothing stays', async () => {
    proxy.cutAnswerTo('insert into facts')
    await assert.rejects(
      data.of('a').transaction((tx) => tx.sql`insert into facts values ('a', 'before')`),
      code('BANYAN_CONNECTION_LOST'),
    )
    assert.equal(await count('before'), 0)
  })

  it('of a statement before COMMIT is the same when the callback swallows the error', async () => {
    proxy.cutAnswerTo('insert into facts')
    await assert.rejects(
      data.of('a').transaction(async (tx) => {
        await tx.sql`insert into facts values ('a', 'swallowed')`.catch(() => {})
      }),
      code('BANYAN_CONNECTION_LOST'),
    )
    assert.equal(await count('swallowed'), 0)
  })

  it('of a statement before COMMIT is run again when that was allowed', async () => {
    let runs = 0
    proxy.cutAnswerTo('insert into facts')
    await data.of('a').transaction(
      async (tx) => {
        runs += 1
        await tx.sql`insert into facts values ('a', 'again')`
      },
      { retry: true },
    )
    assert.equal(runs, 2)
    assert.equal(await count('again'), 1)
  })

  it('of BEGIN is asked for again, and the callback runs once', async () => {
    let runs = 0
    proxy.cutAnswerTo('begin')
    await data.of('a').transaction(async (tx) => {
      runs += 1
      await tx.sql`insert into facts values ('a', 'begun')`
    })
    assert.equal(runs, 1)
    assert.equal(await count('begun'), 1)
  })

  it('of a read is asked for again', async () => {
    proxy.cutAnswerTo('answer of a read')
    const rows = await data.of('a').read`select 'answer of a read' as word`
    assert.deepEqual(rows, [{ word: 'answer of a read' }])
  })

  it('of a statement of Kysely is told by the same rules', async () => {
    const writing = new Kysely({ dialect: dialect(data.of('a')) })
    proxy.cutAnswerTo('insert into facts')
    await assert.rejects(
      kyselySql`insert into facts values ('a', 'kysely')`.execute(writing),
      code('BANYAN_OUTCOME_UNKNOWN'),
    )
    assert.equal(await count('kysely'), 1)
    proxy.cutAnswerTo('commit')
    await assert.rejects(
      writing
        .transaction()
        .execute((tx) => kyselySql`insert into facts values ('a', 'kysely tx')`.execute(tx)),
      code('BANYAN_OUTCOME_UNKNOWN'),
    )
    assert.equal(await count('kysely tx'), 1)
    const reading = new Kysely({ dialect: dialect(data.of('a'), { readOnly: true }) })
    proxy.cutAnswerTo('kysely reads')
    const { rows } = await kyselySql`select 'kysely reads' as word`.execute(reading)
    assert.deepEqual(rows, [{ word: 'kysely reads' }])
  })

  it('of a Pool is the error of the connection, and nothing is sent twice', async () => {
    const pool = new Pool({ connectionString: proxyUrl })
    proxy.cutAnswerTo('insert into facts')
    await assert.rejects(
      pool.query(`insert into facts values ('a', 'pool')`),
      /terminated unexpectedly|ECONNRESET/,
    )
    assert.equal(await count('pool'), 1)
    assert.deepEqual((await pool.query('select 1 as n')).rows, [{ n: 1 }])
    await pool.end()
  })

  it('of a read is not asked for without end', async () => {
    proxy.cutAnswerTo('stubborn', 10)
    await assert.rejects(data.of('a').read`select 'stubborn'`, code('BANYAN_DATABASE_UNAVAILABLE'))
    assert.equal(proxy.cutsLeft, 7)
  })
})
