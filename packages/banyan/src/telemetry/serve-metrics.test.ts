import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { findMetric } from '@banyan/model'
import { startPostgres, type TestPostgres, writeRuntimeFile } from '@banyan/testing'
import Fastify from 'fastify'
import pg from 'pg'
import { openData } from '../data/data.ts'
import type { Data } from '../data/types.ts'
import { Client, Pool } from '../pg.ts'
import { type ServeHandle, serve } from '../serve/serve.ts'

process.env.LOG_LEVEL = 'silent'
process.env.PORT = '0'
const options = { ownProcess: false, limits: { keepAliveTimeoutMs: 50 } }
const metricsToken = 'the-token-of-metrics'

/** Whatever is seeded into a request and must not come out of `/-/metrics`. */
const secrets = ['s3cret-query', 's3cret-header', 's3cret-body', 's3cret-value', 's3cret-literal']

type Sample = {
  readonly name: string
  readonly labels: Record<string, string>
  readonly value: number
}

function parse(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', inner = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      const pairs = [...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, said]) => [key, said])
      return { name, labels: Object.fromEntries(pairs), value: Number(value) }
    })
}

describe('/-/metrics of a serve process', () => {
  let postgres: TestPostgres
  let system: { path: string; remove(): Promise<void> }
  let data: Data
  let pool: pg.Pool
  let handle: ServeHandle
  let superUrl: string

  before(async () => {
    postgres = await startPostgres()
    const { ownerUrl, appUrl } = await postgres.createDatabase()
    superUrl = ownerUrl
    const owner = new pg.Client({ connectionString: ownerUrl })
    await owner.connect()
    await owner.query('create table notes (user_id text, body text, primary key (user_id, body))')
    await owner.end()
    system = await writeRuntimeFile({ url: appUrl, connectionsMax: 12 })
    const file = JSON.parse(await readFile(system.path, 'utf8'))
    const telemetry = { otlp: null, traces: { share: 0, slowMs: 500 }, metricsToken }
    await writeFile(system.path, JSON.stringify({ ...file, telemetry }))
    process.env.BANYAN_SYSTEM = system.path
    data = openData({ systemFile: () => system.path })
    pool = new Pool({ max: 2 })
    handle = await serve(appOf(data), options)
  })
  after(async () => {
    await handle.stop()
    await pool.end()
    await data.close()
    await postgres.stop()
    await system.remove()
  })

  const appOf = (of: Data) => {
    const app = Fastify()
    app.get('/notes/:id', async () => 'note')
    app.post('/notes/:id', async (request) => {
      const body = JSON.stringify(request.body)
      await of.of('ann').write`insert into notes values ('ann', ${body})`
      return await of.of('ann').read`select body from notes where user_id = 'ann'`
    })
    app.get('/fails', async () => {
      throw new Error('s3cret-error')
    })
    app.get('/slow', () => new Promise(() => {}))
    return app
  }

  const ask = (token = metricsToken, options: RequestInit = {}, path = '/-/metrics') =>
    fetch(`${handle.url}${path}`, { ...options, headers: { authorization: `Bearer ${token}` } })
  const samples = async () => parse(await (await ask()).text())
  /** The sum of what a metric has with these labels. */
  const sumOf = async (name: string, labels: Record<string, string> = {}): Promise<number> =>
    (await samples())
      .filter((one) => one.name === name)
      .filter((one) => Object.entries(labels).every(([key, said]) => one.labels[key] === said))
      .reduce((sum, { value }) => sum + value, 0)
  const operations = (labels: Record<string, string>) =>
    sumOf('db_client_operation_duration_seconds_count', labels)

  it('is a path that does not exist to whoever has no token', async () => {
    const nothing = await fetch(`${handle.url}/-/nothing`)
    for (const answer of [
      await fetch(`${handle.url}/-/metrics`),
      await ask('wrong'),
      await ask(''),
    ]) {
      assert.equal(answer.status, 404)
      assert.equal(answer.headers.get('content-type'), nothing.headers.get('content-type'))
      assert.match(await answer.text(), /Paths under/)
    }
  })

  it('answers whoever has the token in the text format of Prometheus', async () => {
    const answer = await ask()
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.match(await answer.text(), /^# HELP http_server_active_requests /m)
    assert.equal((await ask(metricsToken, { method: 'HEAD' })).status, 200)
    assert.equal((await ask(metricsToken, { method: 'POST' })).status, 405)
    assert.equal((await ask(metricsToken, {}, '/-/metrics?x=1')).status, 200)
  })

  it('counts requests by method, template of the route and status', async () => {
    const name = 'http_server_request_duration_seconds_count'
    const labels = { http_route: '/notes/:id', http_request_method: 'GET' }
    const before = await sumOf(name, labels)
    for (const id of [1, 2, 3]) await (await fetch(`${handle.url}/notes/${id}`)).text()
    await (await fetch(`${handle.url}/fails`)).text()
    assert.equal(await sumOf(name, { ...labels, http_response_status_code: '200' }), before + 3)
    assert.equal(await sumOf(name, { http_route: '/fails', error_type: '500' }), 1)
    assert.equal(
      await sumOf(name.replace('_count', '_bucket'), { ...labels, le: '+Inf' }),
      before + 3,
    )
    assert.ok((await sumOf(name.replace('_count', '_sum'), labels)) > 0)
  })

  it('counts a method that nobody knows among the others', async () => {
    await (await fetch(`${handle.url}/notes/1`, { method: 'PROPFIND' })).text()
    const labels = { http_request_method: '_OTHER' }
    assert.equal(await sumOf('http_server_request_duration_seconds_count', labels), 1)
  })

  it('counts requests under way, and those whose client left', async () => {
    const socket = connect(handle.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
    await until(async () => (await sumOf('http_server_active_requests')) === 1)
    socket.destroy()
    await until(async () => (await sumOf('http_server_active_requests')) === 0)
    const labels = { http_route: '/slow', error_type: 'aborted' }
    const all = (await samples()).filter(
      ({ name, labels: { http_route: route } }) =>
        name.endsWith('duration_seconds_count') && route === '/slow',
    )
    assert.deepEqual(all[0]?.labels, { http_request_method: 'GET', ...labels })
  })

  it('measures statements of data by what they were, and transactions', async () => {
    const at = { db_system_name: 'postgresql', server_address: 'db-1' }
    const before = await operations({ ...at, db_operation_name: 'SELECT' })
    await data.of('ann').read`select 1`
    assert.equal(await operations({ ...at, db_operation_name: 'SELECT' }), before + 1)
    await data.of('ann').transaction(async (tx) => {
      await tx.sql`/* first */ update notes set body = body`
    })
    assert.equal(await operations({ ...at, db_operation_name: 'UPDATE' }), 1)
    assert.equal(await operations({ ...at, db_operation_name: 'COMMIT' }), 1)
    assert.equal(await operations({ db_operation_name: 'TRANSACTION' }), 1)
    await assert.rejects(
      data.of('ann').transaction((tx) => tx.sql`select 1 / 0`),
      /division/,
    )
    assert.equal(await operations({ db_operation_name: 'SELECT', error_type: '22012' }), 1)
    assert.equal(await operations({ db_operation_name: 'TRANSACTION', error_type: '22012' }), 1)
  })

  it('measures statements of pg in every form that it takes, each once', async () => {
    const count = () => operations({ db_operation_name: 'SHOW' })
    const text = 'show server_version'
    await pool.query(text)
    await new Promise((resolve) => pool.query(text, resolve))
    assert.equal(await count(), 2)
    const client = await pool.connect()
    await client.query({ text })
    await new Promise<void>((resolve) => client.query(text, () => resolve()))
    await new Promise<void>((resolve) => {
      const callback = () => resolve()
      void client.query({ text, callback } as pg.QueryConfig)
    })
    const query = new pg.Query(text)
    const ended = once(query, 'end')
    client.query(query as unknown as pg.Submittable)
    await ended
    assert.equal(await count(), 6)
    await assert.rejects(client.query('show nothing.at_all'))
    assert.equal(await operations({ db_operation_name: 'SHOW', error_type: '42704' }), 1)
    client.release()
    const single = new Client()
    await single.connect()
    await single.query(text)
    await single.end()
    assert.equal(await count(), 8)
  })

  it('gives a client back as it was', async () => {
    const client = await pool.connect()
    assert.ok(Object.hasOwn(client, 'query'))
    client.release()
    assert.ok(!Object.hasOwn(client, 'query'))
  })

  it('shows the pools, and how long was waited for their connections', async () => {
    const name = 'db_client_connection_count'
    const { host, pathname } = new URL(superUrl)
    const labels = { db_client_connection_pool_name: `pool ${host}${pathname}` }
    const waits = () => sumOf('db_client_connection_wait_time_seconds_count', labels)
    const before = await waits()
    const held = await Promise.all([pool.connect(), pool.connect()])
    const waiting = pool.connect()
    assert.equal(await sumOf(name, { ...labels, db_client_connection_state: 'used' }), 2)
    assert.equal(await sumOf('db_client_connection_max', labels), 2)
    assert.equal(await sumOf('db_client_connection_pending_requests', labels), 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    for (const client of held) client.release()
    const late = await waiting
    late.release()
    assert.equal(await sumOf(name, { ...labels, db_client_connection_state: 'idle' }), 2)
    assert.equal(await waits(), before + 3)
    assert.ok((await sumOf('db_client_connection_wait_time_seconds_sum', labels)) >= 0.015)
  })

  it('counts reads by what was asked for and by who answered', async () => {
    const count = (level: string) =>
      sumOf('banyan_reads_total', { banyan_consistency: level, banyan_answered_by: 'primary' })
    const [strong, eventual] = [await count('strong'), await count('eventual')]
    await data.of('ann').read`select 1`
    await data.of('ann', { consistency: 'eventual' }).read`select 1`
    await assert.rejects(data.of('ann').read`select 1 / 0`)
    assert.deepEqual([await count('strong'), await count('eventual')], [strong + 1, eventual + 1])
  })

  it('tells of its process', async () => {
    assert.ok((await sumOf('process_memory_usage_bytes')) > 1e7)
    assert.ok((await sumOf('process_cpu_time_seconds_total', { cpu_mode: 'user' })) > 0)
    assert.equal(await sumOf('banyan_telemetry_dropped_total', { signal: 'series' }), 0)
  })

  it('names only metrics and labels that are in the list', async () => {
    for (const { name, labels } of await samples()) {
      const known = findMetric(name)
      assert.ok(known, name)
      const { le: _, ...own } = labels
      for (const label of Object.keys(own)) {
        assert.ok((known.labels as readonly string[]).includes(label), `${name}: ${label}`)
      }
    }
  })

  it('says nothing of queries, headers, bodies, values and texts of statements', async () => {
    const headers = {
      'content-type': 'application/json',
      'x-token': 's3cret-header',
      cookie: 's3cret-header',
    }
    const url = `${handle.url}/notes/s3cret-query?token=s3cret-query`
    const answer = await fetch(url, { method: 'POST', headers, body: '{"a":"s3cret-body"}' })
    assert.match(await answer.text(), /s3cret-body/)
    await (await fetch(`${handle.url}/s3cret-query`)).text()
    await data.of('ann').read`select ${'s3cret-value'}::text, 's3cret-literal'`
    await assert.rejects(pool.query(`s3cret-literal`), /syntax/)
    await assert.rejects(pool.query(`select 's3cret-literal'::int`), /s3cret/)
    const text = await (await ask()).text()
    for (const secret of [...secrets, 's3cret', metricsToken])
      assert.ok(!text.includes(secret), secret)
    assert.match(text, /db_operation_name="SELECT".*error_type="22P02"/)
  })

  it('measures nothing, and is not there, where the file of the system does not ask for it', async () => {
    const plain = await writeRuntimeFile({ url: superUrl })
    process.env.BANYAN_SYSTEM = plain.path
    const other = await serve(appOf(data), options)
    process.env.BANYAN_SYSTEM = system.path
    const headers = { authorization: `Bearer ${metricsToken}` }
    assert.equal((await fetch(`${other.url}/-/metrics`, { headers })).status, 404)
    await other.stop()
    await plain.remove()
  })
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    assert.ok(tries < 500, 'it never came to hold')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
