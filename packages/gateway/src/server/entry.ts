import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Refusal } from '../http/answer.ts'
import { answerJson, rawRefusal, refuse } from '../http/answer.ts'
import { closeGently, willCloseGently } from '../http/close-gently.ts'
import { readRequestHead } from '../http/request-head.ts'
import { keepAliveGraceMs } from '../limits.ts'
import { createServer } from '../node-http.ts'
import type { Router } from '../routes.ts'
import { answerClientError } from './client-error.ts'
import { type Client, Clients, type Pipelined } from './clients.ts'
import { Exchange, type ExchangeContext } from './exchange.ts'
import { openTunnel } from './open-tunnel.ts'
import { malformedRequest, noRoute, onlyReading, reserved } from './refusals.ts'

/** Pipelined requests that may wait on one connection. */
const pipelinedMax = 1_000
/** And what their heads may take of memory together. */
const pipelinedBytesMax = 262_144

function headBytes({ url, rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, text) => sum + text.length, (url as string).length)
}

/** The public side: takes requests in, refuses what is none, and gives the others to servers. */
export class Entry {
  readonly server: Server
  readonly clients = new Clients()
  readonly #context: ExchangeContext
  #router: Router = () => null

  constructor(context: ExchangeContext) {
    this.#context = context
    this.server = createServer(serverOptions(context.limits))
    // Node would leave out what comes behind the 2,000th without a word, though its parser obeys it.
    this.server.maxHeadersCount = 0
    const take = (request: IncomingMessage, response: ServerResponse): void =>
      this.#take(request, response)
    this.server.on('request', take)
    this.server.on('checkContinue', take)
    this.server.on('checkExpectation', take)
    this.server.on('connection', (socket: Socket) => this.clients.opened(socket))
    this.server.on('clientError', (error: Error, socket: Duplex) => {
      answerClientError(error, socket, this.clients.of(socket)?.response != null)
    })
    this.server.timeout = context.limits.stalledTimeoutMs
    this.server.on('timeout', (socket: Socket) => this.#onQuiet(socket))
    this.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#upgrade(request, socket, head)
    })
    this.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
      socket.on('error', () => socket.destroy())
      refuseRaw(socket, malformedRequest('CONNECT is not offered.'))
    })
  }

  route(router: Router): void {
    this.#router = router
  }

  /**
   * Nothing new is accepted. Only the listener is closed: `http.Server.close` would cut idle
   * connections within a millisecond, also those on which a request is on its way.
   */
  stopAccepting(): void {
    NetServer.prototype.close.call(this.server)
  }

  /**
   * Nothing moved on a connection: it was idle for as long as it may, or its client reads nothing, and
   * would keep a server's connection for as long as it likes. An answer may take its time.
   */
  #onQuiet(socket: Socket): void {
    const client = this.clients.of(socket)
    if (client === undefined) return
    if (client.response === null || socket.writableLength > 0) socket.destroy()
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    // Sent after an answer that said it is the last: nobody would ever see what we say to it.
    if (socket.writableEnded) return
    const client = this.clients.of(socket)
    if (client === undefined) return
    if (client.response === null) this.#handle(client, request, response)
    else this.#enqueue(client, { request, response })
  }

  /** Answers of pipelined requests would be in order anyhow; this keeps what they do in order too. */
  #enqueue(client: Client, pipelined: Pipelined): void {
    client.queue ??= []
    client.queue.push(pipelined)
    client.queuedBytes += headBytes(pipelined.request)
    const { length } = client.queue
    if (length > pipelinedMax || client.queuedBytes > pipelinedBytesMax) {
      pipelined.request.socket.destroy()
    }
  }

  #handle(client: Client, request: IncomingMessage, response: ServerResponse): void {
    client.response = response
    response.on('error', ignore)
    const exchange = this.#answer(client, request, response)
    response.on('close', () => {
      client.response = null
      exchange?.onClose()
      const next = client.queue?.shift()
      if (next === undefined) return
      client.queuedBytes -= headBytes(next.request)
      const { destroyed, writableEnded } = next.request.socket
      if (!destroyed && !writableEnded) this.#handle(client, next.request, next.response)
    })
  }

  #answer(client: Client, request: IncomingMessage, response: ServerResponse): Exchange | null {
    const head = readRequestHead(request, client.peer, false, this.#context.telemetry.isOn)
    if ('malformed' in head) {
      willCloseGently(request.socket)
      this.#refuse(response, malformedRequest(head.malformed), true)
      return null
    }
    if (head.path.charCodeAt(1) === 0x2d && head.path.startsWith('/-/')) {
      const path = head.path.split('?', 1)[0] as string
      if (path !== '/-/prove') {
        this.#answerReserved(head.method, path, response)
        return null
      }
    }
    const service = this.#router(head.host, head.path)
    if (service === null) {
      this.#refuse(response, noRoute)
      return null
    }
    const exchange = new Exchange(request, response, head, service, this.#context)
    exchange.start()
    return exchange
  }

  #answerReserved(method: string, path: string, response: ServerResponse): void {
    if (path !== '/-/live' && path !== '/-/ready') {
      this.#refuse(response, reserved)
      return
    }
    if (method !== 'GET' && method !== 'HEAD') {
      this.#refuse(response, onlyReading)
      return
    }
    const ready = !this.#context.isDraining()
    const headers = ready ? [] : ['connection', 'close']
    if (path === '/-/live') answerJson(response, 200, '{"live":true}', headers)
    else {
      const body = JSON.stringify({ ready })
      answerJson(response, ready ? 200 : 503, body, ['banyan-ready', String(ready), ...headers])
    }
    this.#context.onEnd('', 'probe', null)
  }

  #refuse(response: ServerResponse, refusal: Refusal, close = false): void {
    const ends = close || this.#context.isDraining()
    refuse(response, refusal, ends ? ['connection', 'close'] : [])
    this.#context.onEnd('', refusal.status, null)
  }

  #upgrade(request: IncomingMessage, socket: Socket, early: Buffer): void {
    const client = this.clients.of(socket)
    this.clients.left(socket)
    socket.on('error', () => socket.destroy())
    if (client === undefined || client.response !== null) {
      socket.destroy()
      return
    }
    const head = readRequestHead(request, client.peer, true, this.#context.telemetry.isOn)
    if ('malformed' in head) {
      refuseRaw(socket, malformedRequest(head.malformed))
      return
    }
    if (head.body !== null) {
      refuseRaw(socket, malformedRequest('An upgrade has no body.'))
      return
    }
    if (!mayUpgrade(request)) {
      refuseRaw(socket, malformedRequest('This upgrade is not offered.'))
      return
    }
    if (head.path.startsWith('/-/')) {
      refuseRaw(socket, reserved)
      return
    }
    const service = this.#router(head.host, head.path)
    if (service === null) {
      refuseRaw(socket, noRoute)
      return
    }
    openTunnel({
      socket,
      early,
      head,
      service,
      protocol: request.headers.upgrade ?? '',
      context: this.#context,
      cookies: request.headers.cookie,
    })
  }
}

/** Whatever is wrong with a client's connection, its `close` says all that is needed. */
const ignore = (): void => {}

function refuseRaw(socket: Socket, refusal: Refusal): void {
  socket.write(rawRefusal(refusal))
  closeGently(socket)
}

/**
 * HTTP/2 is never spoken with a server: requests in it would pass by everything that is checked here.
 * Who asks for it gets an answer in HTTP/1.1, as the rules of upgrading allow. So does whoever asks with
 * another method than GET: a handshake may be tried at two servers, what others do may not.
 */
function mayUpgrade(request: IncomingMessage): boolean {
  if (request.method !== 'GET' || request.httpVersionMinor === 0) return false
  const { upgrade = '', 'content-length': length, 'transfer-encoding': encoding } = request.headers
  return !/\bh2c?\b|^http/i.test(upgrade) && length === undefined && encoding === undefined
}

function serverOptions(limits: ExchangeContext['limits']): object {
  return {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    keepAliveTimeoutBuffer: keepAliveGraceMs,
    // How often Node looks for requests that are late; its default of 30 s would be far too coarse.
    connectionsCheckingInterval: 1_000,
    insecureHTTPParser: false,
    requireHostHeader: false,
    noDelay: true,
    shouldUpgradeCallback: mayUpgrade,
  }
}
