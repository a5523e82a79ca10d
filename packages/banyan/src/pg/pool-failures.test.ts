import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import pg from 'pg'
import { Pool } from '../pg.ts'

const portOf = (server: Server): number => (server.address() as { port: number }).port

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = await listening(createServer())
  const port = portOf(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('a Pool when something fails', () => {
  let postgres: TestPostgres
  let connectionString: string

  before(async () => {
    postgres = await startPostgres()
    connectionString = (await postgres.createDatabase()).appUrl
  })
  after(() => postgres.stop())

  const mute = new Set<Server>()
  const muteServer = async (): Promise<number> => {
    const server = await listening(createServer((socket) => void socket.on('data', () => {})))
    mute.add(server)
    return portOf(server)
  }
  after(() => {
    for (const server of mute) server.close()
  })

  it('fails statements with the DatabaseError of PostgreSQL, and goes on', async () => {
    const pool = new Pool({ connectionString, max: 2 })
    const faults = await Promise.allSettled(
      Array.from({ length: 30 }, () => pool.query('select nonsense')),
    )
    for (const fault of faults) {
      assert.equal(fault.status, 'rejected')
      assert.ok(fault.reason instanceof pg.DatabaseError)
      assert.equal(fault.reason.code, '42703')
      assert.match(fault.reason.stack ?? '', /pool-failures\.test/)
    }
    assert.deepEqual((await pool.query('select 1 as num')).rows, [{ num: 1 }])
    await pool.end()
  })

  it('keeps the connection of a statement that failed', async () => {
    const pool = new Pool({ connectionString, max: 1 })
    const pid = async () => (await pool.query('select pg_backend_pid() as pid')).rows[0].pid
    const before = await pid()
    await assert.rejects(pool.query('select nonsense'))
    await assert.rejects(pool.query('select $1::int', ['x']))
    assert.equal(await pid(), before)
    await pool.end()
  })

  it('fails a query that is not one, by promise or callback', async () => {
    const pool = new Pool({ connectionString })
    await assert.rejects(pool.query(null as unknown as string), /null or undefined query/)
    await assert.rejects(
      pool.query({ text: 'select $1', values: 'x' as never }),
      /must be an array/,
    )
    const error = await new Promise<unknown>((resolve) =>
      (pool.query as unknown as (callback: (fault: unknown) => void) => void).call(pool, resolve),
    )
    assert.match(String(error), /function as the first parameter/)
    assert.deepEqual((await pool.query('select 1 as num')).rows, [{ num: 1 }])
    await pool.end()
  })

  it('fails a value that cannot be sent, once, and keeps working', async () => {
    const pool = new Pool({ connectionString, max: 1 })
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    await assert.rejects(pool.query('select $1::text', [circular]), /circular/)
    assert.deepEqual((await pool.query('select 1 as num')).rows, [{ num: 1 }])
    assert.equal(pool.totalCount, 1)
    await pool.end()
  })

  it('gives wrong passwords and missing databases at once, with their code', async () => {
    const wrong = new URL(connectionString)
    wrong.password = 'wrong'
    const missing = new URL(connectionString)
    missing.pathname = '/nowhere'
    const started = performance.now()
    for (const [url, code] of [
      [wrong, '28P01'],
      [missing, '3D000'],
    ] as const) {
      const pool = new Pool({ connectionString: url.href, max: 1 })
      const faults = await Promise.allSettled([pool.connect(), pool.query('select 1')])
      for (const fault of faults) {
        assert.equal(fault.status === 'rejected' && fault.reason.code, code)
      }
      assert.equal(pool.totalCount, 0)
      await pool.end()
    }
    assert.ok(performance.now() - started < 2_000)
  })

  it('passes connection errors on at once when nothing is to be held', async () => {
    const pool = new Pool({ host: '127.0.0.1', port: await closedPort(), hold: { timeMs: 0 } })
    await assert.rejects(pool.query('select 1'), { code: 'ECONNREFUSED' })
    assert.equal(pool.totalCount, 0)
    const [error, client, release] = await new Promise<unknown[]>((resolve) =>
      pool.connect((...answer) => resolve(answer)),
    )
    assert.ok(error instanceof Error)
    assert.equal(client, undefined)
    assert.equal(typeof release, 'function')
    await pool.end()
  })

  it('holds requests while nobody listens, then says so with the reason', async () => {
    const port = await closedPort()
    const pool = new Pool({ host: '127.0.0.1', port, database: 'd', hold: { timeMs: 150 } })
    const started = performance.now()
    const fault = await pool.connect().catch((error: unknown) => error)
    const heldMs = performance.now() - started
    assert.ok(BanyanError.is(fault) && fault.code === 'BANYAN_DATABASE_UNAVAILABLE')
    assert.match(fault.message, new RegExp(`127.0.0.1:${port}/d`))
    assert.equal((fault.cause as { code?: string }).code, 'ECONNREFUSED')
    assert.equal(fault.details['retryAfterMs'], 1_000)
    assert.ok(heldMs >= 140 && heldMs < 2_000, `held for ${heldMs} ms`)
    await pool.end()
  })

  it('holds no more requests than allowed, and refuses the rest at once', async () => {
    const hold = { timeMs: 400, countMax: 3 }
    const pool = new Pool({ host: '127.0.0.1', port: await closedPort(), hold })
    const first = pool.query('select 1').catch((error: unknown) => error)
    await wait(50)
    const started = performance.now()
    const rest = await Promise.race([
      Promise.allSettled(Array.from({ length: 5 }, () => pool.query('select 1'))),
      first,
    ])
    assert.ok(Array.isArray(rest) || BanyanError.is(rest))
    const all = await Promise.allSettled(Array.from({ length: 3 }, () => pool.connect()))
    assert.ok(all.every(({ status }) => status === 'rejected'))
    assert.ok(performance.now() - started < 1_500)
    await pool.end()
  })

  it('gives up connecting after connectionTimeoutMillis, again and again', async () => {
    const pool = new Pool({
      host: '127.0.0.1',
      port: await muteServer(),
      connectionTimeoutMillis: 15,
    })
    for (let round = 0; round < 5; round += 1) await assert.rejects(pool.connect(), /timeout/)
    assert.equal(pool.idleCount, 0)
    await pool.end()
    assert.equal(pool.totalCount, 0)
  })

  it('gives up waiting for a busy client after connectionTimeoutMillis', async () => {
    const pool = new Pool({ connectionString, connectionTimeoutMillis: 200, max: 1 })
    const client = await pool.connect()
    const early = assert.rejects(pool.connect(), {
      message: 'timeout exceeded when trying to connect',
    })
    const query = assert.rejects(pool.query('select 1'), /timeout exceeded/)
    await wait(100)
    const later = pool.connect()
    await Promise.all([early, query])
    client.release()
    ;(await later).release()
    assert.deepEqual((await pool.query('select 1 as num')).rows, [{ num: 1 }])
    await pool.end()
  })

  it('goes on with the next request when connecting fails', async () => {
    const server = await listening(createServer((socket) => socket.destroy()))
    const pool = new Pool({ host: '127.0.0.1', port: portOf(server), max: 1, hold: { timeMs: 0 } })
    const faults = await Promise.allSettled([pool.connect(), pool.connect()])
    assert.ok(faults.every(({ status }) => status === 'rejected'))
    server.close()
    await pool.end()
  })

  it('replaces an idle client that breaks, tells so, and needs no listener for it', async () => {
    const pool = new Pool({ connectionString, max: 1 })
    const silent = await pool.connect()
    silent.release()
    silent.emit('error', new Error('nobody listens'))
    assert.equal(pool.totalCount, 0)

    const client = await pool.connect()
    client.release()
    const told = new Promise<unknown[]>((resolve) => pool.on('error', (...what) => resolve(what)))
    client.emit('error', new Error('on purpose'))
    const [error, errorClient] = await told
    assert.equal((error as Error).message, 'on purpose')
    assert.equal((error as { client?: unknown }).client, client)
    assert.equal(errorClient, client)
    assert.deepEqual((await pool.query('select 1 as num')).rows, [{ num: 1 }])
    await pool.end()
  })

  it('keeps a client in use that breaks until it is given back', async () => {
    const pool = new Pool({ connectionString, max: 1 })
    const client = await pool.connect()
    let told = false
    pool.on('error', () => {
      told = true
    })
    const broken = new Promise<Error>((resolve) => client.once('error', resolve))
    ;(
      client as unknown as { connection: { stream: { destroy(): void } } }
    ).connection.stream.destroy()
    assert.match((await broken).message, /terminated unexpectedly/)
    assert.equal(pool.totalCount, 1)
    assert.equal(told, false)
    client.release()
    assert.equal(pool.totalCount, 0)
    await pool.query('select 1')
    await pool.end()
  })

  it('removes a client that somebody ended', async () => {
    const pool = new Pool({ connectionString, max: 1 })
    const client = await pool.connect()
    void client.end()
    client.release()
    assert.equal(pool.totalCount, 0)
    await pool.query('select 1')
    await pool.end()
  })

  it('survives that sockets of idle clients close behind its back', async () => {
    const pool = new Pool({ connectionString, max: 1 })
    const client = await pool.connect()
    client.release()
    ;(client as unknown as { connection: { stream: { end(): void } } }).connection.stream.end()
    for (let round = 0; round < 4; round += 1) await pool.query('select 1')
    await pool.end()
  })

  it('fails a running query whose session is terminated, with the error of the server', async () => {
    const pool = new Pool({ connectionString, max: 2 })
    const victim = await pool.connect()
    const { rows } = await victim.query('select pg_backend_pid() as pid')
    victim.release()
    const running = assert.rejects(pool.query('select pg_sleep(10)'), { code: '57P01' })
    await wait(50)
    await pool.query('select pg_terminate_backend($1)', [rows[0].pid])
    await running
    assert.deepEqual((await pool.query('select 1 as num')).rows, [{ num: 1 }])
    await pool.end()
  })

  it('never hands out a client that was left inside a transaction', async () => {
    const pool = new Pool({ connectionString, max: 1 })
    await pool.query('begin')
    assert.equal(pool.totalCount, 0)
    const client = await pool.connect()
    await client.query('begin')
    await assert.rejects(client.query('select nonsense'))
    client.release()
    await assert.rejects(pool.query('begin; select nonsense'))
    assert.deepEqual((await pool.query('select 1 as num')).rows, [{ num: 1 }])
    await pool.end()
  })

  it('lets a statement finish whose client is given back too early', async () => {
    const pool = new Pool({ connectionString, max: 1 })
    await pool.query('create temp table early (n int)')
    const client = await pool.connect()
    await client.query('begin')
    await client.query('insert into early values (1)')
    const commit = client.query('commit')
    client.release()
    const { rows } = await pool.query('select n from early')
    assert.deepEqual(rows, [{ n: 1 }])
    await commit
    await pool.end()
  })

  it('ends a query after query_timeout, and does not give its client to anybody else', async () => {
    const pool = new Pool({ connectionString, max: 1, query_timeout: 50 })
    await assert.rejects(pool.query('select pg_sleep(5)'), /Query read timeout/)
    const started = performance.now()
    await pool.query('select 1')
    assert.ok(performance.now() - started < 2_000)
    await pool.end()
  })
})
