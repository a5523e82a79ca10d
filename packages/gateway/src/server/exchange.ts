import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Refusal, refuse } from '../http/answer.ts'
import type { AnswerHead } from '../http/answer-head.ts'
import { willCloseGently } from '../http/close-gently.ts'
import { HeldBody } from '../http/held-body.ts'
import type { RequestHead } from '../http/request-head.ts'
import { stick, stickyNode } from '../http/sticky.ts'
import type { GatewayLimits } from '../limits.ts'
import type { GatewayTelemetry } from '../telemetry/gateway-telemetry.ts'
import type { Outcome } from '../telemetry/outcome.ts'
import type { RequestTrace } from '../telemetry/request-trace.ts'
import type { Balancer } from '../upstream/balancer.ts'
import type { AnswerSink, Connection } from '../upstream/connection.ts'
import type { Server } from '../upstream/server.ts'
import type { UpstreamError } from '../upstream/upstream-error.ts'
import { badAnswer, bodyTooLarge, noServer, serverLate, serverLost } from './refusals.ts'

/** What every exchange of a gateway shares. */
export type ExchangeContext = {
  readonly limits: GatewayLimits
  readonly balancer: Balancer
  readonly telemetry: GatewayTelemetry
  /** While the gateway ends, every answer says that its connection does. */
  isDraining(): boolean
  /** A request is over. The service is empty where no server was meant. */
  onEnd(service: string, outcome: Outcome, trace: RequestTrace | null): void
  onTrouble(exchange: Exchange, error: UpstreamError): void
}

/** What RFC 9110 calls idempotent: done twice is done once. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** Of the headers of an answer: name, value, name, value. */
const isEventStream = (headers: readonly string[]): boolean =>
  headers.some(
    (value, at) =>
      at % 2 === 1 &&
      value.startsWith('text/event-stream') &&
      headers[at - 1]?.toLowerCase() === 'content-type',
  )

/** How often a request is sent on that no server has seen, whatever its method. */
const unsentMax = 20

/**
 * One request from its client to the answer, over as many servers as it takes.
 *
 * The rules of trying again:
 * 1. What no server has seen goes to another one, whatever its method.
 * 2. What a server may have seen goes to another one only if doing it twice is doing it once, if its
 *    body can be given again, and if nothing of an answer went out.
 * 3. For rule 2 to hold often, an answer of a known small length goes out only when it is complete.
 */
export class Exchange implements AnswerSink {
  readonly method: string
  readonly head: RequestHead
  readonly service: string
  /** Null: nothing is measured. */
  readonly trace: RequestTrace | null
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #context: ExchangeContext
  #body: HeldBody | null = null
  #server: Server | null = null
  #connection: Connection | null = null
  #sentMs = 0
  #tried: Set<Server> | null = null
  #retries = 0
  #unsent = 0
  #waiting: { cancel(): void } | null = null
  #answer: AnswerHead | null = null
  #held: Buffer[] | null = null
  #bodyText: string | null = null
  #streams = false
  #over = false
  /** The server that its client came from, where clients stay with theirs. */
  #known: string | null = null

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead,
    service: string,
    context: ExchangeContext,
  ) {
    this.method = head.method
    this.head = head
    this.service = service
    this.trace = context.telemetry.began({ method: head.method, service, parent: head.parent })
    this.#request = request
    this.#response = response
    this.#context = context
  }

  get server(): Server | null {
    return this.#server
  }

  start(): void {
    const { body } = this.head
    if (body === null || body === 0) {
      this.#next()
      return
    }
    const { limits } = this.#context
    if (body !== 'chunked' && body > limits.bodyBytesMax) {
      this.#refuse(bodyTooLarge(limits), true)
      return
    }
    this.#body = new HeldBody(this.#request, limits, () => this.#refuse(bodyTooLarge(limits), true))
    if (this.head.expectsContinue) this.#response.writeContinue()
    if (body === 'chunked' || body > limits.heldBytesMax) {
      this.#next()
      return
    }
    // A small body is awaited, so that no connection to a server waits for a slow client.
    this.#body.give({ onPiece: () => true, onBodyEnd: () => this.#next() })
  }

  /** The client is gone, or the connection ended with its answer. */
  onClose(): void {
    this.#waiting?.cancel()
    // A client that waited and left has failed by itself, but how long it waited counts.
    if (this.#connection !== null) {
      this.#connection.destroy()
      this.#attempted('left', false)
    }
    if (!this.#over) this.#end('left')
  }

  #end(outcome: Outcome): void {
    this.#over = true
    this.#context.onEnd(this.service, outcome, this.trace)
  }

  /** What became of the attempt that was under way: a status, or why there was none. */
  #attempted(answer: number | string, failed: boolean): void {
    const server = this.#server as Server
    const ms = performance.now() - this.#sentMs
    server.answered(ms, failed)
    this.#context.telemetry.answered(server.backend.node, this.service, answer, ms)
    this.trace?.attempted(answer)
  }

  #next(): void {
    if (this.#over) return
    const { balancer } = this.#context
    const server = this.#own() ?? balancer.pick(this.service, this.#tried)
    if (server !== null) {
      this.#send(server)
      return
    }
    this.#waiting = balancer.wait(this.service, (found) => {
      this.#waiting = null
      if (this.#over) return
      if (found === null) this.#refuse(noServer(this.service))
      else this.#send(found)
    })
  }

  #own(): Server | null {
    const { balancer } = this.#context
    if (!balancer.sticky) return null
    this.#known ??= stickyNode(this.#request.headers.cookie, this.service)
    return this.#known === null ? null : balancer.named(this.service, this.#known, this.#tried)
  }

  #send(server: Server): void {
    const connection = server.connection()
    this.#server = server
    this.#connection = connection
    this.#sentMs = performance.now()
    const { body } = this.head
    const text = this.head.text + (this.trace?.attempt(server.backend.node) ?? '')
    if (body === null) {
      connection.send(this, `${text}\r\n`, null, true)
      return
    }
    const framing = body === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${body}`
    const head = `${text}${framing}\r\n\r\n`
    if (this.#body === null) connection.send(this, head, null, true)
    else if (this.#body.ended && this.#body.replayable && body !== 'chunked') {
      connection.send(this, head, this.#body.whole(), true)
    } else {
      this.#streams = true
      connection.send(this, head, null, false)
      if (connection.connected) this.onConnected()
    }
  }

  /** Only now, because what a server that is gone would take could not be given to another one. */
  onConnected(): void {
    if (!this.#streams || this.#connection === null) return
    this.#streams = false
    this.#stream(this.#connection, this.head.body === 'chunked')
  }

  #stream(connection: Connection, chunked: boolean): void {
    this.#body?.give({
      onPiece: (piece) => {
        if (!chunked) return connection.write(piece)
        connection.write(`${piece.length.toString(16)}\r\n`)
        connection.write(piece)
        return connection.write('\r\n')
      },
      onBodyEnd: () => {
        if (chunked) connection.write('0\r\n\r\n')
        connection.bodyDone()
      },
    })
  }

  onDrain(): void {
    this.#body?.resume()
  }

  onInformation(head: AnswerHead): void {
    if (this.#request.httpVersionMinor === 0) return
    if (head.status === 102) this.#response.writeProcessing()
    if (head.status === 103) this.#hint(head.headers)
  }

  #hint(headers: readonly string[]): void {
    const link = headers.filter(
      (_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === 'link',
    )
    try {
      if (link.length > 0) this.#response.writeEarlyHints({ link })
    } catch {
      // Hints are optional; one that Node does not take for a link is left out.
    }
  }

  onHead(head: AnswerHead): void {
    this.#answer = head
    const { framing } = head
    if (typeof framing === 'number' && framing <= this.#context.limits.heldBytesMax) {
      this.#held = []
    } else this.#begin(head)
  }

  #begin({ status, headers }: AnswerHead): void {
    if (this.trace !== null) this.trace.isStream = isEventStream(headers)
    this.#response.writeHead(status, this.#finished(headers))
    // `flushHeaders` would write them as UTF-8, and a byte above 0x7f would become two.
    this.#response.write('', 'latin1')
    this.#response.on('drain', () => this.#connection?.resume())
  }

  #finished(headers: string[]): string[] {
    const node = this.#server?.backend.node
    if (this.#context.balancer.sticky && node !== undefined && node !== this.#known)
      stick(headers, this.service, node)
    if (this.#context.isDraining()) headers.push('connection', 'close')
    return headers
  }

  onData(piece: Buffer): boolean {
    if (this.#held !== null) {
      const whole = piece.length === this.#answer?.framing
      // Short text goes out as one write together with the head, which saves a system call's worth.
      if (whole && piece.length <= 4_096) this.#bodyText = piece.toString('latin1')
      else this.#held.push(Buffer.from(piece))
      return true
    }
    return this.#response.write(Buffer.from(piece))
  }

  onEnd(): void {
    const answer = this.#answer as AnswerHead
    this.#connection = null
    this.#over = true
    this.#attempted(answer.status, answer.status >= 500)
    if (this.#held !== null) {
      this.#response.writeHead(answer.status, this.#finished(answer.headers))
      if (this.#bodyText !== null) this.#response.end(this.#bodyText, 'latin1')
      else if (this.#held.length === 0) this.#response.end()
      else this.#response.end(this.#held.length === 1 ? this.#held[0] : Buffer.concat(this.#held))
    } else this.#response.end()
    if (this.#body !== null && !this.#body.ended) this.#body.abandon()
    this.#end(answer.status)
  }

  onFail(error: UpstreamError): void {
    const server = this.#server as Server
    this.#connection = null
    this.#body?.hold()
    this.#context.onTrouble(this, error)
    // Also where another server makes it good: whoever compares servers is to know of it.
    if (error.kind === 'own') this.trace?.attempted(error.kind)
    else this.#attempted(error.kind, true)
    if (error.kind === 'refused' || error.kind === 'lost') server.suspect(error.message)
    if (this.#response.headersSent) {
      this.#cut()
      return
    }
    this.#answer = null
    this.#held = null
    this.#bodyText = null
    this.#tried ??= new Set()
    this.#tried.add(server)
    if (this.#mayTryAgain(error) && this.#mayHelp(error)) this.#next()
    else this.#refuse(this.#refusalOf(error))
  }

  #refusalOf({ kind }: UpstreamError): Refusal {
    if (kind === 'own') return noServer(this.service)
    if (kind === 'timeout') return serverLate
    return kind === 'malformed' ? badAnswer : serverLost
  }

  /** Waiting helps where a server may come back; one that answers nonsense or nothing is there already. */
  #mayHelp({ kind }: UpstreamError): boolean {
    if (kind === 'refused' || kind === 'lost') return true
    return this.#context.balancer.has(this.service, this.#tried)
  }

  #mayTryAgain(error: UpstreamError): boolean {
    // No other server could be reached either.
    if (error.kind === 'own') return false
    if (this.#body?.replayable === false) return false
    if (!error.sent) {
      this.#unsent += 1
      return this.#unsent <= unsentMax
    }
    this.#retries += 1
    return idempotent.has(this.method) && this.#retries <= this.#context.limits.retriesMax
  }

  /** A part of the answer is out: only the end of the connection says that the rest will not come. */
  #cut(): void {
    // To HTTP/1.0 the end of the connection is the end of the answer; a reset is no such end.
    if (this.#request.httpVersionMinor === 0) this.#request.socket.resetAndDestroy()
    else this.#response.destroy()
    this.#end('aborted')
  }

  #refuse(refusal: Refusal, close = false): void {
    if (this.#over) return
    this.#over = true
    this.#connection?.destroy()
    this.#connection = null
    if (this.#response.headersSent) this.#response.destroy()
    else {
      if (close) willCloseGently(this.#request.socket)
      const ends = close || this.#context.isDraining()
      const headers = ['x-request-id', this.head.requestId]
      if (ends) headers.push('connection', 'close')
      refuse(this.#response, refusal, headers)
    }
    if (this.#body !== null && !this.#body.ended) this.#body.abandon()
    this.#end(refusal.status)
  }
}
