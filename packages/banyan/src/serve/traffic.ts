import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { BanyanError } from '@banyan/model'
import { type Logger, type RequestContext, requestContext, traceFields } from '../log.ts'
import { IncomingMessage } from '../node-http.ts'
import type { ProofEndpoint } from '../prove/proof-endpoint.ts'
import type { SessionOf } from '../session/offer.ts'
import { routeOf } from '../telemetry/route.ts'
import { requestBegan, requestEnded } from '../telemetry/watch.ts'
import { isResponse } from './adapt.ts'
import type { NodeListener } from './app.ts'
import { enforceBodyLimit } from './body-limit.ts'
import { answerClientError } from './client-error.ts'
import { Connections } from './connections.ts'
import type { ControlEndpoint } from './control-endpoint.ts'
import { answerFailure } from './failure.ts'
import type { MetricsEndpoint } from './metrics-endpoint.ts'
import { answerReserved, isReserved, type Phase } from './probes.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'
import { identify } from './request-id.ts'
import { setRequestId } from './served-response.ts'

/** Requests that may wait for the app to become ready; more are sent away. */
const waitingMax = 1_000

export type TrafficOptions = {
  readonly listener: NodeListener
  readonly bodyBytesMax: number
  /** Null: no line per request. */
  readonly requestLog: Logger | null
  /** Null: `/-/prove` is not offered. */
  readonly proof?: ProofEndpoint | null
  /** Null: no sessions are kept. */
  readonly sessionOf?: SessionOf | null
  /** Null: `/-/control` is not offered. */
  readonly control?: ControlEndpoint | null
  /** Null: `/-/metrics` is not offered. */
  readonly metrics?: MetricsEndpoint | null
  /** Whether a connection came from outside of the system, so that its requests are those of the entry. Null: none. */
  readonly isEntry?: ((socket: Duplex) => boolean) | null
}

/** Takes the requests of one server from Node to the app, and knows what is under way. */
export class Traffic {
  readonly connections: Connections
  readonly #server: Server
  readonly #options: TrafficOptions
  readonly #started = Promise.withResolvers<void>()
  #phase: Phase = 'starting'
  #waiting = 0

  constructor(server: Server, options: TrafficOptions) {
    this.#server = server
    this.connections = new Connections(server, options.isEntry)
    this.#options = options
    this.#attach(server)
  }

  get phase(): Phase {
    return this.#phase
  }

  /** From now on requests reach the app, first those that waited. */
  start(): void {
    this.#phase = 'ready'
    this.#started.resolve()
  }

  /** From now on every answer ends its connection, and no connection is upgraded. */
  stop(): void {
    this.#phase = 'stopping'
    this.#started.resolve()
    this.connections.announceClose()
    this.#refuseUpgrades()
  }

  #refuseUpgrades(): void {
    // Without a listener Node takes an upgrade for a plain request, which is what the app is used to.
    if (this.#server.listenerCount('upgrade') === 0) return
    this.#server.removeAllListeners('upgrade')
    this.#server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => refuseUpgrade(socket))
  }

  #attach(server: Server): void {
    const take = (request: IncomingMessage, response: ServerResponse): void =>
      this.#take(request, response)
    server.on('request', take)
    server.on('checkContinue', this.#continueOf(server))
    if (server.listenerCount('clientError') > 0) return
    server.on('clientError', (error: Error, socket: Duplex) => {
      this.connections.broken(socket)
      answerClientError(error, socket, this.connections.isBusy(socket))
    })
  }

  /** A body that is refused by its length is refused before the client is told to send it. */
  #continueOf(server: Server): (request: IncomingMessage, response: ServerResponse) => void {
    const own = server.listeners('checkContinue')
    server.removeAllListeners('checkContinue')
    const goOn: NodeListener = (request, response) => {
      if (own.length > 0) return Promise.all(own.map((one) => one.call(server, request, response)))
      response.writeContinue()
      return this.#options.listener(request, response)
    }
    return (request, response) => this.#take(request, response, goOn)
  }

  #take(
    request: IncomingMessage,
    response: ServerResponse,
    listener = this.#options.listener,
  ): void {
    // Sent after an answer that said it is the last: nobody would ever see what we say to it.
    if (request.socket.writableEnded) return
    const own = isReserved(request.url ?? '') ? this.#proofOf(request) : listener
    const leaves = this.connections.answering(request.socket, response, own !== null)
    if (leaves || this.#phase === 'stopping') response.setHeader('connection', 'close')
    if (own === null) this.#answerReserved(request, response)
    else if (this.#phase === 'starting') void this.#hold(request, response, own)
    else this.#handle(request, response, own, performance.now())
  }

  #answerReserved(request: IncomingMessage, response: ServerResponse): void {
    const { control = null, metrics = null } = this.#options
    if (control?.takes(request)) control.answer(request, response, this.connections)
    else if (metrics?.takes(request)) metrics.answer(request, response, this.connections)
    else answerReserved(request, response, this.#phase)
  }

  /** Requests of a prover go the way of the app's own, so that they prove what those may rely on. */
  #proofOf(request: IncomingMessage): NodeListener | null {
    const { proof = null } = this.#options
    return proof?.takes(request) ? proof.answer : null
  }

  /** A process that starts again keeps its clients waiting for a moment rather than failing them. */
  async #hold(
    request: IncomingMessage,
    response: ServerResponse,
    listener: NodeListener,
  ): Promise<void> {
    if (this.#waiting >= waitingMax) return answerFailure(response, tooManyWaiting())
    const sinceMs = performance.now()
    this.#waiting += 1
    await this.#started.promise
    this.#waiting -= 1
    if (!response.destroyed) this.#handle(request, response, listener, sinceMs)
  }

  #handle(
    request: IncomingMessage,
    response: ServerResponse,
    listener: NodeListener,
    sinceMs: number,
  ): void {
    const requestId = identify(request)
    setRequestId(response, requestId)
    const { requestLog, bodyBytesMax, sessionOf = null } = this.#options
    const context: RequestContext =
      sessionOf === null
        ? { requestId, logger: undefined }
        : { requestId, logger: undefined, session: sessionOf(request, response) }
    const seen = requestBegan(request, response, context, sinceMs)
    if (seen !== null) context.seen = seen
    if (requestLog !== null || seen !== null) watchEnd(request, response, context, requestLog)
    requestContext.run(context, call, listener, request, response, bodyBytesMax)
  }
}

/** What is said once the answer is out or can no longer get there: one line of the log, and the measures. */
function watchEnd(
  request: IncomingMessage,
  response: ServerResponse,
  context: RequestContext,
  logger: Logger | null,
): void {
  const start = performance.now()
  const url = request.url ?? ''
  response.on('close', () => {
    const { seen = null } = context
    if (seen !== null) {
      if (seen.route === '') seen.route = routeOf(request)
      requestEnded(seen)
    }
    if (logger !== null) logEnd(logger, request.method, url, response, context, start)
  })
}

function logEnd(
  logger: Logger,
  method: string | undefined,
  url: string,
  response: ServerResponse,
  context: RequestContext,
  start: number,
): void {
  const ids = { reqId: context.requestId, ...traceFields(context) }
  const query = url.indexOf('?')
  const path = query < 0 ? url : url.slice(0, query)
  const durationMs = Math.round((performance.now() - start) * 1_000) / 1_000
  // Without a finished answer the status is only what it would have been.
  if (response.writableFinished) {
    const status = response.statusCode
    logger.info({ ...ids, method, path, status, durationMs }, 'request finished')
  } else {
    logger.info({ ...ids, method, path, status: null, durationMs }, 'request aborted')
  }
}

function call(
  listener: NodeListener,
  request: IncomingMessage,
  response: ServerResponse,
  bodyBytesMax: number,
): void {
  const { headers } = request
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
    if (enforceBodyLimit(request, response, bodyBytesMax)) return
    keepContext(request)
  }
  try {
    const result = listener(request, response)
    if (typeof result === 'object' && result !== null) watch(result, response)
  } catch (error) {
    answerFailure(response, error)
  }
}

/**
 * Node's parser emits the pieces of a body in the context of the connection, so that whatever an app
 * does once a body is complete would not know which request it belongs to.
 */
function keepContext(request: IncomingMessage): void {
  const context = requestContext.getStore() as RequestContext
  const emit = IncomingMessage.prototype.emit
  request.emit = (...args: Parameters<typeof emit>): boolean =>
    requestContext.run(context, () => emit.apply(request, args))
}

function watch(result: object, response: ServerResponse): void {
  if (typeof (result as { then?: unknown }).then === 'function') {
    Promise.resolve(result).then(
      (value) => checkUnused(value, response),
      (error: unknown) => answerFailure(response, error),
    )
  } else checkUnused(result, response)
}

/** A `(request, env)` fetch handler looks like a listener, but gives its answer back. */
function checkUnused(value: unknown, response: ServerResponse): void {
  if (response.headersSent || !isResponse(value) || value === response) return
  const error = new BanyanError(
    'BANYAN_HANDLER_FAILED',
    'The app declares two parameters, which makes it a (request, response) listener, but it returned a Response.',
    { hint: 'Pass serve({ fetch: handler }) to say that it is a fetch handler.' },
  )
  answerFailure(response, error)
}

function tooManyWaiting(): BanyanError {
  const error = new BanyanError('BANYAN_NOT_READY', `${waitingMax} requests wait already.`, {
    hint: 'The app is still starting; try again.',
    details: { retryAfterMs: 1_000 },
  })
  return Object.assign(error, { statusCode: 503 })
}
