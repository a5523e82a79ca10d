import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import type pg from 'pg'
import { Pool } from '../pg.ts'

describe('the life of the clients of a Pool', () => {
  let postgres: TestPostgres
  let connectionString: string

  before(async () => {
    postgres = await startPostgres()
    connectionString = (await postgres.createDatabase()).appUrl
  })
  after(() => postgres.stop())

  const isEnding = (client: pg.PoolClient): boolean =>
    (client as unknown as { _ending: boolean })._ending

  it('removes a client that was idle for idleTimeoutMillis, and makes a new one when asked', async () => {
    const pool = new Pool({ connectionString, idleTimeoutMillis: 10 })
    for (let round = 0; round < 3; round += 1) {
      await pool.query('select 1')
      assert.equal(pool.totalCount, 1)
      await once(pool, 'remove')
      assert.equal(pool.totalCount, 0)
      assert.equal(pool.idleCount, 0)
    }
    await pool.end()
  })

  it('does not time out a client that is in use', async () => {
    const pool = new Pool({ connectionString, idleTimeoutMillis: 10 })
    const client = await pool.connect()
    await wait(40)
    assert.equal(pool.totalCount, 1)
    await client.query('select 1')
    client.release()
    await pool.end()
  })

  it('keeps idle clients for good when idleTimeoutMillis is 0', async () => {
    const pool = new Pool({ connectionString, idleTimeoutMillis: 0 })
    await pool.query('select 1')
    await wait(40)
    assert.equal(pool.idleCount, 1)
    await pool.end()
  })

  it('keeps `min` idle clients whatever their idle time', async () => {
    const pool = new Pool({ connectionString, max: 3, min: 1, idleTimeoutMillis: 10 })
    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()])
    for (const client of clients) client.release()
    await wait(60)
    assert.equal(pool.idleCount, 1)
    await pool.end()
  })

  it('closes a client after maxUses uses, also below min', async () => {
    const pool = new Pool({ connectionString, maxUses: 2, min: 1 })
    const first = await pool.connect()
    first.release()
    const second = await pool.connect()
    assert.equal(second, first)
    assert.equal(isEnding(second), false)
    second.release()
    assert.equal(isEnding(second), true)
    const third = await pool.connect()
    assert.notEqual(third, first)
    third.release()
    await pool.end()
  })

  it('closes a client after maxLifetimeSeconds, idle or when it is given back', async () => {
    const pool = new Pool({ connectionString, maxLifetimeSeconds: 1 })
    const busy = await pool.connect()
    await pool.query('select 1')
    assert.equal(pool.totalCount, 2)
    await once(pool, 'remove')
    assert.equal(pool.totalCount, 1)
    assert.equal(pool.expiredCount, 1)
    busy.release()
    assert.equal(pool.totalCount, 0)
    assert.equal(pool.expiredCount, 0)
    await pool.end()
  })

  it('runs onConnect before the first use of each client, and waits for it', async () => {
    const seen: unknown[] = []
    const pool = new Pool({
      connectionString,
      max: 1,
      onConnect: async (client) => {
        await client.query(`set application_name = 'hooked'`)
        seen.push(client)
      },
    })
    assert.deepEqual((await pool.query('show application_name')).rows, [
      { application_name: 'hooked' },
    ])
    await pool.query('select 1')
    assert.equal(seen.length, 1)
    await pool.end()
  })

  it('fails the request whose client onConnect or verify refuses', async () => {
    const throwing = new Pool({
      connectionString,
      onConnect: () => {
        throw new Error('not this one')
      },
    })
    await assert.rejects(throwing.connect(), /not this one/)
    await throwing.end()
    const verifying = new Pool({
      connectionString,
      verify: (_, done) => done(new Error('nope')),
    })
    await assert.rejects(verifying.query('select 1'), /nope/)
    assert.equal(verifying.totalCount, 0)
    await verifying.end()
  })

  it('tells connect, acquire, release and remove, each with its client', async () => {
    const pool = new Pool({ connectionString })
    const told: string[] = []
    let known: unknown
    for (const event of ['connect', 'acquire', 'remove'] as const) {
      pool.on(event, (client) => {
        known ??= client
        assert.equal(client, known)
        told.push(event)
      })
    }
    pool.on('release', (reason, client) => {
      assert.equal(client, known)
      told.push(`release ${reason === undefined ? 'well' : (reason as Error).message}`)
    })
    ;(await pool.connect()).release()
    const client = await pool.connect()
    client.release(new Error('broken'))
    await pool.end()
    assert.deepEqual(told, [
      'connect',
      'acquire',
      'release well',
      'acquire',
      'release broken',
      'remove',
    ])
  })

  it('tells a log what happens, when it is given one', async () => {
    const messages: unknown[] = []
    const pool = new Pool({ connectionString, log: (message) => messages.push(message) })
    await pool.query('select 1')
    assert.ok(messages.length > 0)
    await pool.end()
  })

  it('throws each time a client is given back twice', async () => {
    const pool = new Pool({ connectionString })
    const client = await pool.connect()
    client.release()
    assert.throws(() => client.release(), /already been released/)
    assert.throws(() => client.release(), /already been released/)
    assert.equal(pool.idleCount, 1)
    await pool.end()
  })

  it('removes a client that is given back with an error, or with true', async () => {
    const pool = new Pool({ connectionString })
    for (const reason of [new Error('broken'), true]) {
      const client = await pool.connect()
      client.release(reason)
      assert.equal(pool.totalCount, 0)
    }
    await pool.end()
  })

  it('ends with nothing open, idle clients, and clients in use', async () => {
    await new Pool({ connectionString }).end()
    const pool = new Pool({ connectionString })
    const client = await pool.connect()
    await pool.query('select 1')
    let ended = false
    const end = pool.end().then(() => {
      ended = true
    })
    assert.equal(pool.ending, true)
    await wait(20)
    assert.equal(ended, false)
    assert.deepEqual((await client.query('select 1 as num')).rows, [{ num: 1 }])
    client.release()
    await end
    assert.equal(pool.ended, true)
    assert.equal(pool.totalCount, 0)
  })

  it('finishes what waits already when it is ended', async () => {
    const pool = new Pool({ connectionString, max: 2 })
    const queries = Array.from({ length: 20 }, (_, at) => pool.query('select $1::int as at', [at]))
    await pool.end()
    const results = await Promise.all(queries)
    assert.deepEqual(
      results.map(({ rows }) => rows[0].at),
      Array.from({ length: 20 }, (_, at) => at),
    )
  })

  it('refuses everything after its end, by promise and by callback', async () => {
    const pool = new Pool({ connectionString })
    await pool.end()
    await assert.rejects(pool.connect(), /after calling end/)
    await assert.rejects(pool.query('select 1'), /after calling end/)
    await assert.rejects(pool.end(), /more than once/)
    const [one, two] = await Promise.all([
      new Promise<unknown>((resolve) => pool.connect((error) => resolve(error))),
      new Promise<unknown>((resolve) => pool.query('select 1', (error) => resolve(error))),
    ])
    assert.ok(one instanceof Error)
    assert.ok(two instanceof Error)
  })

  it('leaves no session on the server after its end', async () => {
    const watcher = new Pool({ connectionString })
    const pool = new Pool({ connectionString, application_name: 'leaves nothing' })
    await Promise.all(Array.from({ length: 10 }, () => pool.query('select 1')))
    await pool.end()
    // The server notices the closed socket a moment after it was closed.
    const left = `select count(*)::int as n from pg_stat_activity where application_name = 'leaves nothing'`
    const deadline = Date.now() + 10_000
    while ((await watcher.query(left)).rows[0].n > 0) {
      assert.ok(Date.now() < deadline, 'sessions are left')
      await wait(10)
    }
    await watcher.end()
  })

  it('lets the process end with idle clients only when allowExitOnIdle is set', async () => {
    const script = (allow: boolean) => `
      import { Pool } from ${JSON.stringify(fileURLToPath(import.meta.resolve('../pg.ts')))}
      const pool = new Pool({ connectionString: process.env.URL, idleTimeoutMillis: 400, allowExitOnIdle: ${allow} })
      pool.on('remove', () => console.log('removed'))
      await pool.query('select 1')
      console.log('first')
      await pool.query('select 1')
      console.log('second')`
    const run = async (allow: boolean): Promise<string> => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script(allow)], {
        env: { ...process.env, URL: connectionString },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let out = ''
      child.stdout.on('data', (chunk) => {
        out += chunk
      })
      const [code] = await once(child, 'exit')
      assert.equal(code, 0)
      return out
    }
    assert.equal(await run(true), 'first\nsecond\n')
    assert.equal(await run(false), 'first\nsecond\nremoved\n')
  })
})
