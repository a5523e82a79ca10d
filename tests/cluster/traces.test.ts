// One request through the processes of a system: a gateway, a web process, its database.
import './support/measured.ts'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ProcessTelemetry, ServeStatus } from '@banyan/model'
import { runtimeFile, startPostgres, type TestPostgres } from '@banyan/testing'
import pg from 'pg'
import { backend, gatewayFile, startGateway } from './gateway-setup.ts'
import { type OtlpReceiver, otlpReceiver, type ReceivedSpan } from './otlp-receiver.ts'
import { type ServeProcess, startServe, until } from './serve-process.ts'
import { bindSocket } from './serve-socket.ts'

const script = fileURLToPath(new URL('./traces-app.ts', import.meta.url))
const tables = [{ kind: 'sharded', name: 'notes', by: 'user_id', unique: [] }] as const
const [metricsToken, controlToken] = ['token-of-the-metrics', 'token-of-control']
/** All that nobody is to read anywhere: in a header, a path, a query, a body, a parameter, a statement. */
const secret = /secret-/

describe('a trace', () => {
  let postgres: TestPostgres
  let appUrl: string
  let folder: string
  let receiver: OtlpReceiver

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'banyan-traces-'))
    receiver = await otlpReceiver()
    postgres = await startPostgres()
    const database = await postgres.createDatabase()
    appUrl = database.appUrl
    const owner = new pg.Client({ connectionString: database.ownerUrl })
    await owner.connect()
    await owner.query(`create table notes (
      user_id text, id bigint generated always as identity, body text, primary key (user_id, id))`)
    await owner.end()
  })
  after(async () => {
    await receiver?.[Symbol.asyncDispose]()
    await postgres?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** The program, told of telemetry as control tells it. */
  async function startWeb(
    traces: ProcessTelemetry['traces'],
    more: Partial<Parameters<typeof startServe>[0]> = {},
  ): Promise<ServeProcess> {
    const { url, token } = receiver
    const path = join(folder, 'system.json')
    const telemetry: ProcessTelemetry = { otlp: { url, token }, traces, metricsToken }
    const file = { ...runtimeFile({ url: appUrl, tables }), telemetry, controlToken }
    await writeFile(path, JSON.stringify(file))
    const env = { BANYAN_SYSTEM: path, BANYAN_NODE: 'web-1', BANYAN_SERVICE: 'web', ...more.env }
    return await startServe({ app: 'traces', script, ...more, env })
  }

  const gatewayTelemetry = (traces: ProcessTelemetry['traces']): ProcessTelemetry => ({
    otlp: { url: receiver.url, token: receiver.token },
    traces,
    metricsToken,
  })

  const metricsOf = async (url: string): Promise<string> => {
    const headers = { authorization: `Bearer ${metricsToken}` }
    return await (await fetch(`${url}/-/metrics`, { headers })).text()
  }

  /** All spans of a trace: a process sends what it has of one at once. */
  const received = async (traceId: string, nodes: readonly string[]): Promise<ReceivedSpan[]> => {
    const found = () => receiver.spans.filter((span) => span.traceId === traceId)
    await until(() => nodes.every((name) => found().some(({ node }) => node === name)))
    return found()
  }

  it('goes from the entry over the web process to its database, and is in the log; nothing secret goes with it', async () => {
    const traces = { share: 1, slowMs: 60_000 }
    await using web = await startWeb(traces)
    await using entry = await startGateway(
      gatewayFile([backend(web.port, { node: 'web-1' })], { telemetry: gatewayTelemetry(traces) }),
    )
    const traceId = 'a1'.repeat(16)
    const answered = await fetch(`${entry.gateway.url}/notes/secret-user?token=secret-query`, {
      method: 'POST',
      headers: {
        traceparent: `00-${traceId}-${'c'.repeat(16)}-00`,
        'content-type': 'application/json',
        authorization: 'Bearer secret-header',
        cookie: 'session=secret-cookie',
      },
      body: JSON.stringify({ text: 'secret-body' }),
    })
    assert.equal(answered.status, 200)
    await answered.text()
    const spans = await received(traceId, ['gateway-1', 'web-1'])
    const named = (name: string): ReceivedSpan => {
      const found = spans.filter((span) => span.name === name)
      assert.equal(found.length, 1, `${name}: ${JSON.stringify(spans, null, 1)}`)
      return found[0] as ReceivedSpan
    }
    const [request, attempt] = spans.filter(({ node }) => node === 'gateway-1')
    const served = named('POST /notes/:user')
    const transaction = named('TRANSACTION')
    assert.equal(request?.parent, 'c'.repeat(16))
    assert.equal(attempt?.parent, request.spanId)
    assert.equal(served.parent, attempt.spanId)
    assert.deepEqual(served.attributes, {
      'http.request.method': 'POST',
      'http.route': '/notes/:user',
      'http.response.status_code': '200',
    })
    assert.equal(transaction.parent, served.spanId)
    for (const name of ['BEGIN', 'INSERT notes', 'COMMIT']) {
      assert.equal(named(name).parent, transaction.spanId, name)
    }
    assert.deepEqual(named('INSERT notes').attributes, {
      'db.system.name': 'postgresql',
      'db.operation.name': 'INSERT',
      'db.query.summary': 'INSERT notes',
      'server.address': 'db-1',
    })
    const reads = spans.filter(({ name }) => name === 'SELECT notes')
    assert.deepEqual(
      reads.map(({ parent }) => parent),
      [transaction.spanId, served.spanId],
    )
    assert.ok(spans.every(({ node }) => node === 'gateway-1' || node === 'web-1'))
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length)
    assert.ok(spans.every(({ startMs }) => startMs >= request.startMs - 60))

    await until(() => web.logs().some(({ msg }) => msg === 'request finished'))
    for (const message of ['note written', 'request finished']) {
      const line = web.logs().find(({ msg }) => msg === message)
      assert.deepEqual([line?.trace_id, line?.span_id], [traceId, served.spanId], message)
    }

    const privateUrl = `http://127.0.0.1:${entry.gateway.privatePort}`
    for (const text of [
      ...receiver.bodies,
      await metricsOf(web.url),
      await metricsOf(privateUrl),
    ]) {
      assert.ok(text.length > 500)
      assert.doesNotMatch(text, secret)
    }
    assert.doesNotMatch(web.output(), /secret-(header|cookie|query|body|literal)/)
  })

  it('begins in the web process where nothing is before it, which counts as the entry does', async () => {
    using socket = bindSocket()
    await using web = await startWeb(
      { share: 0, slowMs: 60_000 },
      {
        env: { LISTEN_FDS: '1', PORT: '0' },
        stdio: ['ignore', 'pipe', 'pipe', socket.fd],
      },
    )
    const privateUrl = String(web.logs().find(({ msg }) => msg === 'listening')?.privateUrl)
    const statuses = []
    for (const path of ['/fine', '/nothing', '/fails', '/-/live']) {
      const answered = await fetch(`${web.url}${path}`)
      await answered.text()
      statuses.push(answered.status)
    }
    await (await fetch(`${privateUrl}/fine`)).text()
    assert.deepEqual(statuses, [200, 404, 500, 200])
    const finished = () => web.logs().filter(({ msg }) => msg === 'request finished')
    await until(() => finished().length === 4)
    const lines = finished()
    const ids = lines.map(({ trace_id: id }) => String(id))
    assert.equal(new Set(ids).size, ids.length)
    const failed = lines.find(({ path }) => path === '/fails')
    const spans = await received(String(failed?.trace_id), ['web-1'])
    assert.deepEqual(
      spans.map(({ name, error }) => [name, error]),
      [
        ['GET /fails', '500'],
        ['wait for a connection', null],
        ['SELECT missing', '42P01'],
      ],
    )
    assert.equal(spans[0]?.parent, null)
    assert.ok(
      receiver.spans.every(({ traceId }) => !ids.includes(traceId) || traceId === failed?.trace_id),
      'what went well outside of the share is kept nowhere',
    )

    const text = await metricsOf(privateUrl)
    const counted = [...text.matchAll(/^banyan_entry_requests_total\{(.*)\} (\d+)$/gm)]
    assert.deepEqual(Object.fromEntries(counted.map(([, labels, n]) => [labels, Number(n)])), {
      'banyan_service="web",banyan_answer="2xx"': 1,
      'banyan_service="web",banyan_answer="3xx"': 0,
      'banyan_service="web",banyan_answer="4xx"': 1,
      'banyan_service="web",banyan_answer="5xx"': 1,
      'banyan_service="web",banyan_answer="aborted"': 0,
      'banyan_service="web",banyan_answer="left"': 0,
    })
    const headers = { authorization: `Bearer ${controlToken}` }
    const told = (await (await fetch(`${privateUrl}/-/control`, { headers })).json()) as ServeStatus
    assert.deepEqual(told.requests, { sent: 4, failed: 1 }, 'one of them came from inside')
  })

  it('is sent before the process ends in order', async () => {
    await using web = await startWeb({ share: 1, slowMs: 60_000 })
    const traceId = 'b2'.repeat(16)
    const traceparent = `00-${traceId}-${'c'.repeat(16)}-01`
    await (await fetch(`${web.url}/fine`, { headers: { traceparent, connection: 'close' } })).text()
    web.kill('SIGTERM')
    assert.equal(await web.ended, 0)
    assert.equal(receiver.spans.filter((span) => span.traceId === traceId).length, 1)
    assert.match(web.output(), /"msg":"stopped"/)
  })
})
