import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { startPostgres, type TestPostgres, writeRuntimeFile } from '@banyan/testing'
import { BanyanError, type Data, type ErrorCode } from 'banyan'
import { dialect } from 'banyan/kysely'
import { Pool } from 'banyan/pg'
import { Kysely, sql as kyselySql } from 'kysely'
import pg from 'pg'
import { openData } from '../../packages/banyan/src/data/data.ts'

const connectionsMax = 8

type Facts = {
  /** Written, and the answer came. */
  acknowledged: string[]
  /** Written, and the answer was lost: may be there or not. */
  unknown: string[]
  /** Refused or lost before it could happen: must not be there. */
  undone: string[]
  faults: unknown[]
}

const codeOf = (error: unknown): string | undefined =>
  BanyanError.is(error) ? error.code : (error as { code?: string }).code

describe('a server that dies under load', () => {
  let postgres: TestPostgres
  let data: Data
  let appUrl: string
  let system: { path: string; remove(): Promise<void> }

  before(async () => {
    // SIGKILL of processes loses nothing that the kernel has; only the WAL must have been written.
    postgres = await startPostgres({ settings: { synchronous_commit: 'on' } })
    const database = await postgres.createDatabase()
    appUrl = database.appUrl
    const owner = new pg.Client({ connectionString: database.ownerUrl })
    await owner.connect()
    // No unique index: a write that is doubled must show.
    await owner.query('create table facts (user_id text not null, id text not null)')
    await owner.end()
    system = await writeRuntimeFile({ url: appUrl, connectionsMax })
    data = openData({ systemFile: () => system.path })
  })
  after(async () => {
    await data.close()
    await postgres.stop()
    await system.remove()
  })

  const sortFault = (facts: Facts, id: string, error: unknown): void => {
    const code = codeOf(error) as ErrorCode
    if (code === 'BANYAN_OUTCOME_UNKNOWN') facts.unknown.push(id)
    else if (code === 'BANYAN_CONNECTION_LOST') facts.undone.push(id)
    else facts.faults.push(error)
  }

  /** Writers of every kind, each remembering what became of each write. */
  async function load(facts: Facts, name: string, until: () => boolean): Promise<void> {
    const writers: ((id: string) => Promise<unknown>)[] = [
      (id) => data.of('a').write`insert into facts values ('a', ${id})`,
      (id) => data.of('a').transaction((tx) => tx.sql`insert into facts values ('a', ${id})`),
      (id) =>
        data.transaction(['a'], (tx) => tx.of('a').sql`insert into facts values ('a', ${id})`, {
          retry: true,
        }),
    ]
    const run = async (at: number): Promise<void> => {
      for (let round = 0; !until(); round += 1) {
        const id = `${name}-${at}-${round}`
        try {
          await writers[at % writers.length]?.(id)
          facts.acknowledged.push(id)
        } catch (error) {
          sortFault(facts, id, error)
        }
      }
    }
    await Promise.all(Array.from({ length: 12 }, (_, at) => run(at)))
  }

  /** Waits until 200 more writes were acknowledged, which takes no longer than 10 s on any machine. */
  async function progress(facts: Facts): Promise<void> {
    const wanted = facts.acknowledged.length + 200
    const deadline = performance.now() + 10_000
    while (facts.acknowledged.length < wanted) {
      assert.ok(performance.now() < deadline, 'writes do not go on')
      await wait(5)
    }
  }

  async function verify(facts: Facts): Promise<void> {
    const rows = await data.of('a').read<{ id: string; n: number }>`
      select id, count(*)::int as n from facts group by id`
    const count = new Map(rows.map(({ id, n }) => [id, n]))
    const lost = facts.acknowledged.filter((id) => !count.has(id))
    const doubled = [...count].filter(([, n]) => n > 1)
    const undone = facts.undone.filter((id) => count.has(id))
    assert.deepEqual({ lost, doubled, undone }, { lost: [], doubled: [], undone: [] })
    assert.deepEqual(facts.faults, [])
  }

  const sessions = async (): Promise<number> => {
    const admin = new pg.Client({ connectionString: postgres.adminUrl })
    await admin.connect()
    const { rows } = await admin.query(
      `select count(*)::int as n from pg_stat_activity where usename = 'banyan_app'`,
    )
    await admin.end()
    return rows[0].n
  }

  for (const [signal, name] of [
    ['SIGKILL', 'killed'],
    ['SIGINT', 'stopped fast'],
    ['SIGQUIT', 'stopped at once'],
  ] as const) {
    it(`loses and doubles no acknowledged write when it is ${name}, and holds requests meanwhile`, async () => {
      const facts: Facts = { acknowledged: [], unknown: [], undone: [], faults: [] }
      const readFaults: unknown[] = []
      let over = false
      const writing = load(facts, signal, () => over)
      const reading = (async () => {
        while (!over) {
          await data.of('a').read`select 1`.catch((error: unknown) => readFaults.push(error))
        }
      })()
      try {
        for (let round = 0; round < 2; round += 1) {
          await progress(facts)
          postgres.kill(signal)
          await postgres.restart()
          await progress(facts)
        }
      } finally {
        over = true
      }
      await Promise.all([writing, reading])
      await verify(facts)
      assert.deepEqual(readFaults, [], 'no read fails')
      assert.ok((await sessions()) <= connectionsMax)
    })
  }

  it('sends a read again whose session was terminated in the middle', async () => {
    const admin = new pg.Client({ connectionString: postgres.adminUrl })
    await admin.connect()
    const read = data.of('a').read`select pg_sleep(0.3), 'answer' as word`
    await wait(100)
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where query like '%answer%' and pid <> pg_backend_pid()`)
    assert.equal((await read)[0]?.['word'], 'answer')
    await admin.end()
  })

  it('says that the outcome of a write is unknown whose session was terminated in the middle', async () => {
    const admin = new pg.Client({ connectionString: postgres.adminUrl })
    await admin.connect()
    const terminate = () =>
      admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where query like '%pg_sleep%' and usename = 'banyan_app'`)
    const write = assert.rejects(
      data.of('a').write`insert into facts select 'a', 'slow' from pg_sleep(2)`,
      (error) => codeOf(error) === 'BANYAN_OUTCOME_UNKNOWN' && (error as Error).cause !== undefined,
    )
    await wait(100)
    await terminate()
    await write
    const transaction = assert.rejects(
      data.of('a').transaction((tx) => tx.sql`select pg_sleep(2)`),
      (error) => BanyanError.is(error) && error.details['retryable'] === true,
    )
    await wait(100)
    await terminate()
    await transaction
    await admin.end()
  })

  it('notices at its end that a transaction lost its connection while the callback did other things', async () => {
    const admin = new pg.Client({ connectionString: postgres.adminUrl })
    await admin.connect()
    await assert.rejects(
      data.of('a').transaction(async (tx) => {
        const [row] = await tx.sql<{ pid: number }>`
          insert into facts values ('a', 'idle') returning pg_backend_pid() as pid`
        await admin.query('select pg_terminate_backend($1)', [row?.pid])
        await wait(50)
      }),
      (error) => codeOf(error) === 'BANYAN_CONNECTION_LOST',
    )
    const rows = await data.of('a').read`select from facts where id = 'idle'`
    assert.equal(rows.length, 0)
    await admin.end()
  })

  it('holds the requests of a Pool and of Kysely across a restart', async () => {
    const pool = new Pool({ connectionString: appUrl, max: 3 })
    const kysely = new Kysely({ dialect: dialect(data.of('a')) })
    await pool.query('select 1')
    postgres.kill('SIGKILL')
    await wait(100)
    const [rows, answer] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, () => pool.query('select 1 as n'))),
      kyselySql<{ n: number }>`select 2 as n`.execute(kysely),
      postgres.restart(),
    ])
    assert.ok(rows.every((result) => result.rows[0].n === 1))
    assert.deepEqual(answer.rows, [{ n: 2 }])
    await pool.end()
  })

  it('refuses what waits for too long, names the server, and recovers by itself', async () => {
    const impatient = openData({
      systemFile: () => system.path,
      hold: { countMax: 5, timeMs: 300 },
    })
    await impatient.of('a').read`select 1`
    postgres.kill('SIGKILL')
    await wait(100)
    const started = performance.now()
    const faults = await Promise.allSettled(
      Array.from({ length: 20 }, () => impatient.of('a').read`select 1`),
    )
    const took = performance.now() - started
    for (const fault of faults) {
      assert.ok(fault.status === 'rejected')
      assert.equal(codeOf(fault.reason), 'BANYAN_DATABASE_UNAVAILABLE')
      assert.ok(fault.reason.message.includes(`${postgres.host}:${postgres.port}`))
    }
    assert.ok(took < 4_000, `took ${took} ms`)
    await postgres.restart()
    assert.deepEqual(await impatient.of('a').read`select 1 as n`, [{ n: 1 }])
    await impatient.close()
  })

  it('does not wait for ever on a server that takes connections and never answers', async () => {
    const impatient = openData({
      systemFile: () => system.path,
      hold: { countMax: 5, timeMs: 400 },
    })
    postgres.kill('SIGSTOP')
    try {
      const started = performance.now()
      await assert.rejects(
        impatient.of('a').read`select 1`,
        (error) => codeOf(error) === 'BANYAN_DATABASE_UNAVAILABLE',
      )
      const tookMs = performance.now() - started
      assert.ok(tookMs >= 390 && tookMs < 3_000, `took ${tookMs} ms`)
    } finally {
      postgres.kill('SIGCONT')
    }
    assert.deepEqual(await impatient.of('a').read`select 1 as n`, [{ n: 1 }])
    await impatient.close()
  })
})
