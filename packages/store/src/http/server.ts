import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BanyanError, metricsContentType } from '@banyan/model'
import { flowOf } from '../metrics/flow.ts'
import { answerMetric } from '../metrics/query.ts'
import { createServer } from '../node-http.ts'
import type { Signal } from '../otlp/messages.ts'
import { linesOf } from '../otlp/take-logs.ts'
import { takeMetrics } from '../otlp/take-metrics.ts'
import { spansOf } from '../otlp/take-spans.ts'
import type { Store } from '../store.ts'
import { invalid, parseJson, readBody } from './body.ts'
import { readLogQuery, readMetricQuery, readSpan, readTraceQuery } from './params.ts'

type Asked = {
  readonly store: Store
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly search: URLSearchParams
  readonly path: string
}

/** What is answered as JSON; undefined: the handler has answered itself. */
type Handler = (asked: Asked) => unknown

const queryBytesMax = 262_144

const handlers: Readonly<Record<string, Handler>> = {
  'GET /health': ({ store }) => store.health(),
  'GET /live': ({ store }) => flowOf(store.metrics, store.now()),
  'POST /query': async ({ store, request }) => {
    const body = await readBody(request, queryBytesMax)
    return await answerMetric(
      store.metrics,
      readMetricQuery(parseJson(body.toString('utf8'))),
      store.now(),
    )
  },
  'GET /logs': ({ store, search }) =>
    store.reader.ask({ kind: 'logs', query: readLogQuery(search) }),
  'GET /logs/follow': ({ store, search, response }) => {
    const query = readLogQuery(search)
    if (!store.feed.hasRoom)
      throw new BanyanError('BANYAN_STORE_BUSY', 'Too many follow the logs already.', {
        hint: 'Close one of the pages that follow them.',
      })
    store.feed.add(response, query)
  },
  'GET /traces': ({ store, search }) =>
    store.reader.ask({ kind: 'traces', query: readTraceQuery(search) }),
  'GET /business': ({ store }) => store.business(),
  'GET /marks': ({ store, search }) =>
    store.reader.ask({ kind: 'marks', ...readSpan(search, store.now()) }),
  'GET /-/metrics': ({ store, response }) => {
    response.writeHead(200, { 'content-type': metricsContentType }).end(store.ownMetrics())
  },
  'POST /v1/traces': async (asked) => {
    const { spans, refused } = spansOf(await readOtlp(asked, 'traces'), asked.store.redact)
    asked.store.takeSpans(spans, refused)
    return endOtlp(asked, refused === 0 ? {} : { rejectedSpans: String(refused) })
  },
  'POST /v1/logs': async (asked) => {
    const { redact, limits, now } = asked.store
    const request = await readOtlp(asked, 'logs')
    asked.store.takeLines(linesOf(request, { redact, lengthMax: limits.lineBytes, now: now() }))
    return endOtlp(asked, {})
  },
  'POST /v1/metrics': async (asked) => {
    const { store } = asked
    const request = await readOtlp(asked, 'metrics')
    const { taken, dropped } = takeMetrics(store.metrics.registry, request, store.now())
    store.counts.take('samples', taken)
    store.counts.drop('samples', dropped)
    return endOtlp(asked, dropped === 0 ? {} : { rejectedDataPoints: String(dropped) })
  },
}

const isProtobuf = ({ headers }: IncomingMessage): boolean =>
  headers['content-type']?.startsWith('application/x-protobuf') === true

async function readOtlp({ request, store }: Asked, signal: Signal): Promise<unknown> {
  const body = await readBody(request, store.limits.bodyBytes)
  if (!isProtobuf(request)) return parseJson(body.toString('utf8'))
  // Our own processes send JSON: what reads protobuf is loaded when somebody needs it.
  const { decodeProtobuf } = await import('../otlp/messages.ts')
  try {
    return decodeProtobuf(signal, body)
  } catch (cause) {
    throw invalid('The body is no message of OTLP.', cause)
  }
}

/** An empty message of protobuf has no bytes; how many were refused is said to those who speak JSON. */
function endOtlp({ request, response }: Asked, partial: Record<string, string>): unknown {
  if (!isProtobuf(request))
    return Object.keys(partial).length === 0 ? {} : { partialSuccess: partial }
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  return undefined
}

/** A server that answers `BANYAN_NOT_READY` until it is given its store, so that a taken port is noticed first. */
export class StoreServer {
  readonly #server: Server
  #store: Store | null = null
  readonly #token: Buffer
  readonly #metricsToken: Buffer

  /** @param metricsToken what Prometheus shows everywhere: good for `/-/metrics` alone */
  constructor(token: string, metricsToken = token) {
    this.#token = digest(token)
    this.#metricsToken = digest(metricsToken)
    this.#server = createServer({ requestTimeout: 30_000 }, (request, response) => {
      void this.#answer(request, response)
    })
  }

  async listen(host: string, port: number): Promise<number> {
    return await new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject)
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  serve(store: Store): void {
    this.#store = store
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.#allow(request)
      const store = this.#store
      if (store === null)
        throw new BanyanError('BANYAN_NOT_READY', 'The store is still starting.', {
          hint: 'Ask again in a moment.',
        })
      const answer = await this.#handle(store, request, response)
      if (answer !== undefined) send(response, 200, answer)
    } catch (error) {
      fail(response, error)
    }
    // A body that nobody read must not hold the connection.
    if (!request.complete) request.resume()
  }

  async #handle(
    store: Store,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<unknown> {
    const url = new URL(request.url ?? '/', 'http://store')
    const asked = { store, request, response, search: url.searchParams, path: url.pathname }
    const handler = handlers[`${request.method} ${url.pathname}`]
    if (handler !== undefined) return await handler(asked)
    const [, trace] = /^\/traces\/([0-9a-fA-F]{1,64})$/.exec(url.pathname) ?? []
    if (request.method === 'GET' && trace !== undefined) return await traceOf(store, trace)
    throw new BanyanError(
      'BANYAN_STORE_UNKNOWN',
      `There is no ${request.method} ${url.pathname}.`,
      {
        hint: 'packages/store/src/api/types.ts has the list.',
      },
    )
  }

  #allow({ headers, url }: IncomingMessage): void {
    const [, token = ''] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? []
    const shown = digest(token)
    const isReader = url === '/-/metrics' && timingSafeEqual(shown, this.#metricsToken)
    if (!isReader && !timingSafeEqual(shown, this.#token))
      throw new BanyanError('BANYAN_STORE_TOKEN_WRONG', 'The bearer token is missing or wrong.', {
        hint: 'The console asks the store by way of control, which knows the token.',
      })
  }
}

async function traceOf(store: Store, trace: string): Promise<unknown> {
  const found = await store.reader.ask({ kind: 'trace', trace: trace.toLowerCase() })
  if (found !== null) return found
  throw new BanyanError('BANYAN_STORE_UNKNOWN', `There is no trace ${trace}.`, {
    hint: 'Traces are kept for a day where they are slow, failed, or in the share that is kept.',
  })
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(text)
}

function fail(response: ServerResponse, error: unknown): void {
  if (BanyanError.is(error)) {
    if (error.statusCode === 413) response.setHeader('connection', 'close')
    send(response, error.statusCode, error.toJSON())
    return
  }
  const { message } = error as Error
  send(response, 500, { code: 'BANYAN_STORE_BUSY', message: `The store failed: ${message}` })
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest()
