import assert from 'node:assert/strict'
import { createServer, IncomingMessage, type RequestListener, ServerResponse } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { isTraceparent, readTraceparent } from '@banyan/model'
import type { RequestContext } from '../log.ts'
import { RequestTrace } from './request-trace.ts'
import { Tracer } from './tracer.ts'
import {
  SeenRequest,
  SeenStatement,
  SeenTransaction,
  SeenWait,
  statementEnded,
  waitEnded,
} from './watch.ts'

type Sent = { name: string; attributes: { key: string; value: Record<string, unknown> }[] }

const sent: Sent[] = []
const take: RequestListener = async (request, response) => {
  let body = ''
  for await (const piece of request) body += piece
  sent.push(...JSON.parse(body).resourceSpans[0].scopeSpans[0].spans)
  response.end('{}')
}
const receiver = createServer(take)
before(() => new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve)))
after(() => receiver.close())

const tracerOf = (share: number, slowMs = 60_000): Tracer => {
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  const told = { otlp: { url, token: 't' }, traces: { share, slowMs }, metricsToken: 'm' }
  return new Tracer(told, { service: 'web', node: 'web-1' })
}

function requestOf(traceparent?: string): SeenRequest & { readonly trace: () => RequestTrace } {
  const request = new IncomingMessage(new Socket())
  request.method = 'GET'
  if (traceparent !== undefined) {
    request.headers.traceparent = traceparent
    request.rawHeaders.push('Traceparent', traceparent)
  }
  const context: RequestContext = { requestId: 'a', logger: undefined }
  const seen = new SeenRequest(request, new ServerResponse(request), context, performance.now())
  return Object.assign(seen, { trace: () => context.trace as RequestTrace })
}

const given = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

test('a request without a trace gets one, which the app sees; one that has a trace keeps it', () => {
  const tracer = tracerOf(1)
  for (const none of [undefined, 'nonsense', given.replace('00-', 'ff-')]) {
    const seen = requestOf(none)
    tracer.requestBegan(seen)
    const { headers, rawHeaders } = seen.request
    assert.ok(isTraceparent(String(headers.traceparent)))
    assert.deepEqual(readTraceparent(String(headers.traceparent)), {
      traceId: seen.trace().traceId,
      spanId: seen.trace().spanId,
    })
    assert.deepEqual(rawHeaders, ['traceparent', headers.traceparent])
  }
  const seen = requestOf(given)
  tracer.requestBegan(seen)
  assert.equal(seen.trace().traceId, 'a'.repeat(32))
  assert.equal(seen.request.headers.traceparent, given)
})

test('a trace is kept for its share, an error or its time, and a stream of events only for its share', () => {
  const ended = (change: Partial<SeenRequest>, inShare = false): boolean => {
    const seen = Object.assign(requestOf(), change)
    const trace = new RequestTrace(seen, given)
    trace.isInShare = inShare
    return trace.end(500)
  }
  assert.equal(ended({ status: 200 }), false)
  assert.equal(ended({ status: 200 }, true), true)
  assert.equal(ended({ status: 500, errorType: '500' }), true)
  assert.equal(ended({ status: 0, errorType: 'aborted' }), true)
  assert.equal(ended({ status: 200, tookMs: 501 }), true)
  const { response } = requestOf()
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
  const stream = { response, status: 200, errorType: 'aborted', tookMs: 60_000 }
  assert.equal(ended(stream), false)
  assert.equal(ended(stream, true), true)
})

test('spans lie under what they belong to, and what has not ended says so', () => {
  const seen = requestOf()
  seen.route = '/notes/:id'
  const trace = new RequestTrace(seen, given)
  const { context } = seen
  const transaction = new SeenTransaction(context, performance.now())
  const inside = new SeenStatement('insert into notes values (1)', 'db-1', transaction, context)
  const wait = new SeenWait('main', context)
  for (const part of [wait, transaction, inside]) trace.add(part)
  waitEnded(wait, null)
  statementEnded(inside, null, 'INSERT')
  seen.tookMs = 1_000
  trace.end(500)
  trace.add(new SeenWait('late', context))
  const spans = trace.spans()
  assert.equal(trace.size, spans.length)
  const [own, waited, transacted, stated] = spans
  assert.deepEqual(
    spans.map(({ name, parentId }) => [name, parentId]),
    [
      ['GET /notes/:id', 'b'.repeat(16)],
      ['wait for a connection', own?.spanId],
      ['TRANSACTION', own?.spanId],
      ['INSERT notes', transacted?.spanId],
    ],
  )
  assert.deepEqual(
    [waited, transacted, stated].map((span) => span?.attributes['banyan.unfinished']),
    [undefined, true, undefined],
  )
  assert.ok((transacted?.durationMs ?? 0) > 900)
})

test('a request of very many statements fills neither the memory nor the store, and says how many it leaves out', async () => {
  const tracer = tracerOf(1)
  const seen = requestOf()
  tracer.requestBegan(seen)
  for (let at = 0; at < 300; at += 1) {
    tracer.statementBegan(new SeenStatement('select 1', 'db-1', null, seen.context))
  }
  tracer.requestEnded(seen)
  assert.equal(tracer.dropped, 100)
  await tracer.flush()
  assert.equal(sent.length, 201)
  const left = sent[0]?.attributes.find(({ key }) => key === 'banyan.spans.left_out')
  assert.deepEqual(left?.value, { intValue: '100' })
})

test('what is done outside of requests is no trace', () => {
  const tracer = tracerOf(1)
  tracer.statementBegan(new SeenStatement('select 1', 'db-1', null, undefined))
  assert.equal(tracer.dropped, 0)
})
