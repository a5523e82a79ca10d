// What a gateway tells of its requests: spans at a real receiver, and metrics at its private address.
import './support/measured.ts'
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { GatewayFile, ProcessTelemetry } from '@banyan/model'
import {
  answer,
  backend,
  gatewayFile,
  scriptedServer,
  startGateway,
  startGatewayProcess,
} from './gateway-setup.ts'
import { type OtlpReceiver, otlpReceiver } from './otlp-receiver.ts'
import { until } from './serve-process.ts'

const metricsToken = 'token-of-the-metrics'
const trace = 'a'.repeat(32)
const [client, others] = ['b'.repeat(16), `vendor=1`]
const given = { traceparent: `00-${trace}-${client}-01`, tracestate: others }

const telemetry = (
  { url, token }: Pick<OtlpReceiver, 'url' | 'token'>,
  traces: Partial<ProcessTelemetry['traces']> = {},
): Pick<GatewayFile, 'telemetry'> => ({
  telemetry: {
    otlp: { url, token },
    traces: { share: 0, slowMs: 60_000, ...traces },
    metricsToken,
  },
})

const traceparent = (head = ''): string | undefined => /^traceparent: (.*)\r$/m.exec(head)?.[1]

/** A server that keeps the head of each request, and answers as its path says. */
const web = (seen: string[]) =>
  scriptedServer((received) => {
    const { bytes, socket } = received
    if (!bytes.includes('\r\n\r\n')) return
    received.bytes = ''
    seen.push(bytes)
    if (/^GET \S*\/gone/.test(bytes)) socket.destroy()
    else if (/^GET \S*\/slow/.test(bytes)) setTimeout(() => answer(socket, 'ok'), 60)
    else if (/^GET \S*\/bad/.test(bytes))
      socket.write('HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n')
    else answer(socket, 'ok')
  })

const metricsOf = async (port: number, token = metricsToken): Promise<Response> =>
  await fetch(`http://127.0.0.1:${port}/-/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  })

test('a client’s trace goes on through the gateway and to the server, and its other vendors are told', async () => {
  const seen: string[] = []
  await using receiver = await otlpReceiver()
  await using server = await web(seen)
  const file = gatewayFile([backend(server.port)], telemetry(receiver, { share: 1 }))
  await using running = await startGateway(file)
  await fetch(running.gateway.url, { headers: given })
  await until(() => receiver.spans.length === 2)
  const [request, attempt] = receiver.spans
  assert.ok(request && attempt)
  assert.deepEqual(
    [request.traceId, request.parent, request.node, request.kind],
    [trace, client, 'gateway-1', 2],
  )
  assert.deepEqual(
    [attempt.traceId, attempt.parent, attempt.node, attempt.kind],
    [trace, request.spanId, 'gateway-1', 3],
  )
  assert.equal(traceparent(seen[0]), `00-${trace}-${attempt.spanId}-01`)
  assert.match(seen[0] ?? '', /^tracestate: vendor=1\r$/m)
  assert.deepEqual(request.attributes, {
    'http.request.method': 'GET',
    'banyan.service': 'web',
    'http.response.status_code': '200',
  })
  assert.deepEqual(attempt.attributes, {
    'http.request.method': 'GET',
    'server.address': `web-${server.port}`,
    'http.response.status_code': '200',
  })
  assert.ok(Math.abs(request.startMs - Date.now()) < 60_000, 'the time is that of the wall')
  assert.ok(attempt.startMs >= request.startMs && attempt.durationMs <= request.durationMs + 0.01)
})

test('outside of the share a trace is kept for an error, for its time, or for what it took; never for a stranger’s wish', async () => {
  const seen: string[] = []
  await using receiver = await otlpReceiver()
  await using server = await web(seen)
  await using gone = await scriptedServer(({ socket }) => void socket.destroy())
  const file = gatewayFile([backend(server.port)], telemetry(receiver))
  await using running = await startGateway(file)
  let count = 0
  const get = async (path: string, { gateway } = running): Promise<string> => {
    count += 1
    const id = String(count).padStart(32, 'a')
    const headers = { traceparent: `00-${id}-${client}-01` }
    await (await fetch(`${gateway.url}${path}`, { headers })).text()
    return id
  }
  const spansOf = (id: string) => receiver.spans.filter(({ traceId }) => traceId === id)

  const wanted = await get('/wanted')
  assert.match(traceparent(seen[0]) ?? '', new RegExp(`^00-${wanted}-[0-9a-f]{16}-00$`))
  const bad = await get('/bad')
  await until(() => spansOf(bad).length === 2)
  assert.ok(
    spansOf(bad).every((one) => one.error === '500' && one.attributes['error.type'] === '500'),
  )
  assert.deepEqual(spansOf(wanted), [])

  const limits = telemetry(receiver, { slowMs: 40 })
  await using strict = await startGateway(gatewayFile([backend(server.port)], limits))
  const slow = await get('/slow', strict)
  await until(() => spansOf(slow).length === 2)
  assert.ok(spansOf(slow).every(({ error, durationMs }) => error === null && durationMs >= 40))

  running.gateway.apply({ ...file, version: 2, backends: [...file.backends, backend(gone.port)] })
  await until(() => running.gateway.status.backends.every(({ healthy }) => healthy))
  const both = [await get('/'), await get('/')]
  await until(() => both.some((id) => spansOf(id).length === 3))
  const [own, lost, made] = both.flatMap(spansOf)
  assert.deepEqual([own?.error, own?.attributes['http.response.status_code']], [null, '200'])
  assert.deepEqual([lost?.error, lost?.attributes['server.address']], ['lost', `web-${gone.port}`])
  assert.deepEqual([made?.error, made?.attributes['http.request.resend_count']], [null, '1'])
})

test('the metrics count the very requests that control is told of, and each attempt with its time', async () => {
  await using receiver = await otlpReceiver()
  await using server = await web([])
  const file = gatewayFile([backend(server.port)], telemetry(receiver))
  await using running = await startGateway({
    ...file,
    routes: [{ host: null, prefix: '/app', service: 'web' }],
  })
  const { gateway } = running
  for (const path of ['/app', '/app', '/app/bad', '/nobody', '/-/live', '/-/nothing']) {
    await fetch(`${gateway.url}${path}`)
  }
  await new Promise<void>((resolve) => {
    const left = connect(running.port, '127.0.0.1', () => {
      left.write('GET /app/slow HTTP/1.1\r\nhost: a\r\n\r\n')
      setTimeout(() => left.destroy(), 20)
    })
    left.on('close', () => resolve())
  })
  await until(() => gateway.status.requests.sent === 7)
  assert.equal((await metricsOf(gateway.privatePort, 'wrong')).status, 401)
  const answered = await metricsOf(gateway.privatePort)
  assert.equal(answered.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const text = await answered.text()
  const counts = [...text.matchAll(/^banyan_entry_requests_total\{(.*)\} (\d+)$/gm)]
  assert.deepEqual(Object.fromEntries(counts.map(([, labels, count]) => [labels, Number(count)])), {
    'banyan_service="web",banyan_answer="2xx"': 2,
    'banyan_service="web",banyan_answer="3xx"': 0,
    'banyan_service="web",banyan_answer="4xx"': 0,
    'banyan_service="web",banyan_answer="5xx"': 1,
    'banyan_service="web",banyan_answer="aborted"': 0,
    'banyan_service="web",banyan_answer="left"': 1,
    'banyan_answer="4xx"': 2,
    'banyan_answer="probe"': 1,
  })
  const { sent, failed } = gateway.status.requests
  assert.deepEqual([sent, failed], [7, 1])
  const node = `server_address="web-${server.port}",banyan_service="web"`
  const times = 'http_client_request_duration_seconds'
  assert.match(text, new RegExp(`${times}_count\\{${node},http_response_status_code="200"\\} 2`))
  assert.match(
    text,
    new RegExp(`${times}_count\\{${node},http_response_status_code="500",error_type="500"\\} 1`),
  )
  assert.match(text, new RegExp(`${times}_count\\{${node},error_type="left"\\} 1`))
  assert.match(text, /^banyan_entry_connections \d+$/m)
  assert.equal((await fetch(`${gateway.url}/-/metrics`)).status, 404, 'not at the public address')
  assert.match(text, /^banyan_telemetry_dropped_total\{signal="spans"\} 0$/m)
})

test('a gateway that is told nothing of telemetry measures nothing', async () => {
  const seen: string[] = []
  await using server = await web(seen)
  await using running = await startGateway(gatewayFile([backend(server.port)]))
  await fetch(running.gateway.url, { headers: given })
  assert.equal(traceparent(seen[0]), given.traceparent, 'the trace is passed on as it came')
  assert.equal((await metricsOf(running.gateway.privatePort, '')).status, 404)
})

test('the last spans go out before the program ends, its log names the trace, and a receiver that is frozen delays neither', async () => {
  await using receiver = await otlpReceiver()
  await using frozen = await scriptedServer(() => {})
  await using server = await web([])
  for (const target of [receiver, { url: `http://127.0.0.1:${frozen.port}`, token: 'x' }]) {
    const file = gatewayFile([backend(server.port)], telemetry(target, { share: 1 }))
    await using running = await startGatewayProcess({ ...file, drainTimeoutMs: 100 })
    const url = `http://127.0.0.1:${running.port}/gone?secret=in-the-query`
    const answered = await fetch(url, { headers: { ...given, connection: 'close' } })
    assert.ok([502, 503].includes(answered.status))
    const began = performance.now()
    running.kill('SIGTERM')
    assert.equal(await running.ended(), 0)
    const tookMs = performance.now() - began
    assert.ok(tookMs < 5_000, `it took ${tookMs} ms`)
    assert.match(running.output(), new RegExp(`"trace_id":"${trace}","span_id":"[0-9a-f]{16}"`))
    assert.match(running.output(), /"stopped"/)
    assert.doesNotMatch(running.output(), /in-the-query|token-of-the/)
  }
  assert.ok(receiver.spans.length >= 2)
  assert.ok(receiver.spans.every(({ traceId }) => traceId === trace))
  assert.match(frozen.seen(), /POST \/v1\/traces/)
})
