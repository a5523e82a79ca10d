import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import pg from 'pg'
import byDefault, * as all from '../pg.ts'
import { Pool } from '../pg.ts'

/** Behaviours that node-postgres' own tests and documentation promise, in our words. */
describe('Pool, as node-postgres documents it', () => {
  let postgres: TestPostgres
  let connectionString: string

  before(async () => {
    postgres = await startPostgres()
    connectionString = (await postgres.createDatabase()).appUrl
  })
  after(() => postgres.stop())

  it('is a pg.Pool, so that libraries that ask recognise it', async () => {
    const pool = new Pool({ connectionString })
    assert.ok(pool instanceof pg.Pool)
    assert.match(pool.constructor.name, /Pool/)
    await pool.end()
  })

  it('exports every name of pg, by name and as the default', () => {
    const names = Object.keys(pg).filter((name) => !['_pools', 'utils'].includes(name))
    for (const name of names) assert.ok(name in byDefault, `default export has no ${name}`)
    const byName = ['Client', 'Pool', 'Connection', 'types', 'Query', 'DatabaseError', 'defaults']
    for (const name of [
      ...byName,
      'escapeIdentifier',
      'escapeLiteral',
      'Result',
      'TypeOverrides',
    ]) {
      assert.ok(name in all, `there is no export ${name}`)
    }
    assert.equal(byDefault.Pool, Pool)
    assert.equal(byDefault.types, pg.types)
  })

  it('connects, queries and ends, with promises', async () => {
    const pool = new Pool({ connectionString })
    const client = await pool.connect()
    const { rows } = await client.query('select $1::text as name', ['hi'])
    assert.deepEqual(rows, [{ name: 'hi' }])
    client.release()
    await pool.end()
  })

  it('connects, queries and ends, with callbacks, and then makes no promises', async () => {
    const pool = new Pool({ connectionString })
    await new Promise<void>((resolve, reject) => {
      const returned = pool.connect((error, client, release) => {
        if (error || client === undefined) return reject(error)
        client.query('select 1 as num', (fault, { rows }) => {
          release()
          if (fault) return reject(fault)
          assert.deepEqual(rows, [{ num: 1 }])
          assert.equal(pool.end(resolve) as unknown, undefined)
        })
      })
      assert.equal(returned as unknown, undefined)
    })
  })

  it('queries with a callback, with and without values', async () => {
    const pool = new Pool({ connectionString })
    const [plain, valued] = await Promise.all([
      new Promise((resolve, reject) =>
        pool.query('select 1 as num', (error, result) =>
          error ? reject(error) : resolve(result.rows),
        ),
      ),
      new Promise((resolve, reject) =>
        pool.query('select $1::text as name', ['ann'], (error, result) =>
          error ? reject(error) : resolve(result.rows),
        ),
      ),
    ])
    assert.deepEqual(plain, [{ num: 1 }])
    assert.deepEqual(valued, [{ name: 'ann' }])
    await pool.end()
  })

  it('never calls back before connect and query have returned', async () => {
    const pool = new Pool({ connectionString })
    ;(await pool.connect()).release()
    let called = false
    const connected = new Promise<void>((resolve) => {
      pool.connect((_, client) => {
        called = true
        client?.release()
        resolve()
      })
    })
    assert.equal(called, false)
    await connected
    await pool.end()
  })

  it('takes config objects: rows as arrays, named statements, several statements', async () => {
    const pool = new Pool({ connectionString, max: 1 })
    const array = await pool.query({ text: 'select 1, 2', rowMode: 'array' })
    assert.deepEqual(array.rows, [[1, 2]])
    for (const num of [1, 2, 3]) {
      const named = { name: 'same', text: 'select $1::int as num', values: [num] }
      assert.deepEqual((await pool.query(named)).rows, [{ num }])
    }
    const several = (await pool.query(
      'select 1 as a; select 2 as b',
    )) as unknown as pg.QueryResult[]
    assert.deepEqual(
      several.map(({ rows }) => rows),
      [[{ a: 1 }], [{ b: 2 }]],
    )
    await pool.end()
  })

  it('gives the whole result: command, row count, fields', async () => {
    const pool = new Pool({ connectionString })
    const result = await pool.query('select 1 as num, null as nothing')
    assert.equal(result.command, 'SELECT')
    assert.equal(result.rowCount, 1)
    assert.deepEqual(
      result.fields.map(({ name }) => name),
      ['num', 'nothing'],
    )
    await pool.end()
  })

  it('runs a submittable on a client, as cursors and streams are', async () => {
    const pool = new Pool({ connectionString })
    const client = await pool.connect()
    const query = client.query(new pg.Query('select 7 as num'))
    const rows: unknown[] = []
    query.on('row', (row) => rows.push(row))
    await new Promise<void>((resolve, reject) => {
      query.on('end', () => resolve())
      query.on('error', reject)
    })
    assert.deepEqual(rows, [{ num: 7 }])
    client.release()
    await pool.end()
  })

  it('gives its options to its clients, and does not change them', async () => {
    const options = { connectionString, max: 3, application_name: 'passed on' }
    const before = { ...options }
    const pool = new Pool(options)
    const { rows } = await pool.query('show application_name')
    assert.deepEqual(rows, [{ application_name: 'passed on' }])
    assert.deepEqual(options, before)
    assert.equal(pool.options.max, 3)
    await pool.end()
  })

  it('hides the password from whoever prints the pool', async () => {
    const pool = new Pool({ host: 'h', user: 'u', password: 'secret-word', database: 'd' })
    const { inspect } = await import('node:util')
    assert.doesNotMatch(inspect(pool, { depth: 8 }), /secret-word/)
    assert.equal(pool.options.password, 'secret-word')
    await pool.end()
  })

  it('uses at most `max` clients, and reuses them', async () => {
    const pool = new Pool({ connectionString, max: 3 })
    const results = await Promise.all(
      Array.from({ length: 30 }, () =>
        pool.query('select pg_backend_pid() as pid, pg_sleep(0.02)'),
      ),
    )
    assert.equal(new Set(results.map(({ rows }) => rows[0].pid)).size, 3)
    assert.equal(pool.totalCount, 3)
    assert.equal(pool.idleCount, 3)
    await pool.end()
  })

  it('makes requests wait in order when every client is out', async () => {
    const pool = new Pool({ connectionString, max: 1 })
    const client = await pool.connect()
    const order: number[] = []
    const waiting = [1, 2, 3].map(async (at) => {
      const next = await pool.connect()
      order.push(at)
      next.release()
    })
    assert.equal(pool.waitingCount, 3)
    client.release()
    await Promise.all(waiting)
    assert.deepEqual(order, [1, 2, 3])
    assert.equal(pool.waitingCount, 0)
    await pool.end()
  })

  it('counts a client from the moment it starts to connect', async () => {
    const pool = new Pool({ connectionString })
    const query = pool.query('select 1')
    assert.equal(pool.totalCount, 1)
    assert.equal(pool.idleCount, 0)
    await query
    assert.equal(pool.idleCount, 1)
    await pool.end()
  })

  it('rolls back what a client rolls back, and sees what it committed', async () => {
    const pool = new Pool({ connectionString })
    const client = await pool.connect()
    await client.query('create temp table things (n int)')
    await client.query('begin')
    await client.query('insert into things values (1)')
    await client.query('rollback')
    await client.query('begin')
    await client.query('insert into things values (2)')
    await client.query('commit')
    assert.deepEqual((await client.query('select n from things')).rows, [{ n: 2 }])
    client.release(true)
    await pool.end()
  })

  it('parses types with its own types, or those of the query', async () => {
    const types = { getTypeParser: () => () => 'parsed' } as unknown as pg.CustomTypesConfig
    const pool = new Pool({ connectionString, types })
    assert.deepEqual((await pool.query('select 1 as num')).rows, [{ num: 'parsed' }])
    await pool.end()
    const plain = new Pool({ connectionString })
    assert.deepEqual((await plain.query({ text: 'select 1 as num', types })).rows, [
      { num: 'parsed' },
    ])
    assert.deepEqual((await plain.query('select 1::bigint as num')).rows, [{ num: '1' }])
    await plain.end()
  })

  it('hears notifications and notices on its clients', async () => {
    const pool = new Pool({ connectionString })
    const client = await pool.connect()
    const heard = new Promise<pg.Notification>((resolve) => client.once('notification', resolve))
    const noticed = new Promise<{ message?: string | undefined }>((resolve) =>
      client.once('notice', resolve),
    )
    await client.query('listen news')
    await pool.query(`notify news, 'payload'`)
    await client.query(`do $$ begin raise notice 'look'; end $$`)
    assert.equal((await heard).payload, 'payload')
    assert.equal((await noticed).message, 'look')
    client.release(true)
    await pool.end()
  })

  it('connects with the environment when it is told nothing', async () => {
    const saved = process.env['DATABASE_URL']
    process.env['DATABASE_URL'] = connectionString
    try {
      const pool = new Pool()
      const client = new byDefault.Client()
      await client.connect()
      const user = 'select current_user as me'
      assert.deepEqual((await pool.query(user)).rows, [{ me: 'banyan_app' }])
      assert.deepEqual((await client.query(user)).rows, [{ me: 'banyan_app' }])
      await Promise.all([pool.end(), client.end()])
    } finally {
      if (saved === undefined) delete process.env['DATABASE_URL']
      else process.env['DATABASE_URL'] = saved
    }
  })
})
