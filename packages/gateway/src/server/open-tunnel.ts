import { connect, type Socket } from 'node:net'
import { type Refusal, rawRefusal } from '../http/answer.ts'
import { type AnswerHead, BadAnswer, readAnswerHead } from '../http/answer-head.ts'
import { ChunkedDecoder } from '../http/chunked-decoder.ts'
import { closeGently } from '../http/close-gently.ts'
import type { RequestHead } from '../http/request-head.ts'
import { stick, stickyNode } from '../http/sticky.ts'
import { STATUS_CODES } from '../node-http.ts'
import type { Outcome } from '../telemetry/outcome.ts'
import type { RequestTrace } from '../telemetry/request-trace.ts'
import { isOwnFault } from '../upstream/own-fault.ts'
import type { Server } from '../upstream/server.ts'
import type { ExchangeContext } from './exchange.ts'
import { badAnswer, noServer, serverLate, serverLost } from './refusals.ts'
import { WebSocketTunnel } from './tunnel.ts'

/** How many heads of 1xx may come before the answer. */
const informationMax = 32

export type TunnelRequest = {
  readonly socket: Socket
  /** What the client sent behind its request already. */
  readonly early: Buffer
  readonly head: RequestHead
  readonly service: string
  /** What it wants to change to, as it says it. */
  readonly protocol: string
  readonly context: ExchangeContext
  /** The cookies of the client, where one may say which server it came from. */
  readonly cookies: string | undefined
}

/**
 * Asks a server to change the protocol, on a connection of its own. If it does, both connections
 * become a tunnel; if it answers otherwise, that answer is the client's.
 */
export function openTunnel(request: TunnelRequest): void {
  new Handshake(request).start()
}

class Handshake {
  readonly #request: TunnelRequest
  readonly #tried = new Set<Server>()
  readonly #trace: RequestTrace | null
  #leave: () => void = () => {}
  #waiting: { cancel(): void } | null = null
  #over = false

  constructor(request: TunnelRequest) {
    this.#request = request
    const { context, head, service } = request
    this.#trace = context.telemetry.began({ method: head.method, service, parent: head.parent })
  }

  start(): void {
    this.#request.socket.once('close', () => {
      this.#waiting?.cancel()
      if (this.#over) return
      this.#leave()
      this.#end('left')
    })
    this.#next()
  }

  #end(outcome: Outcome): void {
    this.#over = true
    this.#request.context.onEnd(this.#request.service, outcome, this.#trace)
  }

  #next(): void {
    const { context, service } = this.#request
    const server = this.#own() ?? context.balancer.pick(service, this.#tried)
    if (server !== null) {
      this.#ask(server)
      return
    }
    this.#waiting = context.balancer.wait(service, (found) => {
      this.#waiting = null
      if (this.#over) return
      if (found === null) this.#refuse(noServer(service))
      else this.#ask(found)
    })
  }

  #own(): Server | null {
    const { context, service } = this.#request
    const known = this.#known()
    return known === null ? null : context.balancer.named(service, known, this.#tried)
  }

  #known(): string | null {
    const { context, service, cookies } = this.#request
    return context.balancer.sticky ? stickyNode(cookies, service) : null
  }

  /** What every answer of a server says besides its own. */
  #stick(server: Server, headers: string[]): void {
    const { context, service } = this.#request
    const { node } = server.backend
    if (context.balancer.sticky && node !== this.#known()) stick(headers, service, node)
  }

  #ask(server: Server): void {
    const { host, port } = server.backend
    const { limits, telemetry } = this.#request.context
    const line = this.#trace?.attempt(server.backend.node) ?? ''
    const upstream = connect({ host, port, noDelay: true, allowHalfOpen: true })
    let read: Buffer = Buffer.alloc(0)
    const began = performance.now()
    const answered = (answer: number, failed: boolean): void => {
      const ms = performance.now() - began
      server.answered(ms, failed)
      telemetry.answered(server.backend.node, this.#request.service, answer, ms)
      this.#trace?.attempted(answer)
    }
    const late = setTimeout(() => fail(serverLate, false), limits.answerTimeoutMs)
    const asking = {
      goAway: (): void => fail(noServer(this.#request.service), false),
      cut: (): void => {
        detach()
        upstream.destroy()
        this.#request.socket.destroy()
      },
    }
    // A drain waits for what is being asked as well.
    server.tunnels.add(asking)
    const detach = (): void => {
      server.tunnels.delete(asking)
      clearTimeout(late)
      upstream.removeAllListeners()
      upstream.on('error', () => upstream.destroy())
    }
    this.#leave = () => {
      detach()
      upstream.destroy()
    }
    const fail = (refusal: Refusal, suspects: boolean): void => {
      detach()
      upstream.destroy()
      this.#tried.add(server)
      // A 503 says that nobody was asked, or that the server is to go.
      if (refusal.status !== 503) answered(refusal.status, true)
      if (suspects) server.suspect('It closed a connection before it had answered.')
      // A handshake is a GET: asking another server does no harm.
      const again = suspects && this.#tried.size <= limits.retriesMax
      if (this.#over) return
      if (again) this.#next()
      else this.#refuse(refusal)
    }
    const take = (piece: Buffer): void => {
      read = read.length === 0 ? piece : Buffer.concat([read, piece])
      try {
        const found = findHead(read, limits.answerHeadBytesMax)
        if (found === null) return
        detach()
        answered(found.head.status, found.head.status >= 500)
        this.#decide(server, upstream, found.head, found.rest)
      } catch (error) {
        if (!(error instanceof BadAnswer)) throw error
        fail(badAnswer, false)
      }
    }
    upstream.on('connect', () => {
      upstream.write(`${this.#request.head.text}${line}\r\n`, 'latin1')
    })
    upstream.on('data', take)
    upstream.on('end', () => fail(serverLost, true))
    upstream.on('error', (error) => {
      if (isOwnFault(error)) fail(noServer(this.#request.service), false)
      else fail(serverLost, true)
    })
  }

  #decide(server: Server, upstream: Socket, head: AnswerHead, rest: Buffer): void {
    const { socket, early, protocol } = this.#request
    this.#end(head.status)
    this.#stick(server, head.headers)
    if (head.status !== 101) {
      passAnswer(socket, upstream, head, rest)
      return
    }
    const lines = [
      `connection: upgrade`,
      `upgrade: ${head.upgrade ?? protocol}`,
      ...pairs(head.headers),
    ]
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1')
    const isWebSocket = protocol.toLowerCase() === 'websocket'
    const tunnel = new WebSocketTunnel(socket, upstream, isWebSocket, () => {
      server.tunnels.delete(tunnel)
    })
    server.tunnels.add(tunnel)
    tunnel.begin(early, rest)
  }

  #refuse(refusal: Refusal): void {
    const { socket } = this.#request
    this.#end(refusal.status)
    socket.write(rawRefusal(refusal))
    closeGently(socket)
  }
}

/** The head that is the answer, past those that only announce it. */
function findHead(read: Buffer, bytesMax: number): { head: AnswerHead; rest: Buffer } | null {
  let at = 0
  for (let heads = 0; heads <= informationMax; heads++) {
    const end = read.indexOf('\r\n\r\n', at)
    if (end - at > bytesMax || (end < 0 && read.length - at > bytesMax)) {
      throw new BadAnswer('The headers of the answer are too large.')
    }
    if (end < 0) return null
    const head = readAnswerHead(read.toString('latin1', at, end), 'GET')
    at = end + 4
    if (head.status === 101 && head.upgrade === null)
      throw new BadAnswer('It does not say to what it changes.')
    if (head.status === 101 || head.status >= 200) return { head, rest: read.subarray(at) }
  }
  throw new BadAnswer('It announces its answer without end.')
}

/** An answer that is no upgrade, and the end of the connection, which says where its body ends. */
function passAnswer(client: Socket, server: Socket, head: AnswerHead, rest: Buffer): void {
  const lines = [...pairs(head.headers), 'connection: close']
  client.write(`HTTP/1.1 ${head.status} ${STATUS_CODES[head.status] ?? ''}\r\n`, 'latin1')
  client.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  const decoder = head.framing === 'chunked' ? new ChunkedDecoder() : null
  let left = typeof head.framing === 'number' ? head.framing : Number.POSITIVE_INFINITY
  const finish = (): void => {
    server.removeAllListeners('data')
    server.destroy()
    closeGently(client)
  }
  const write = (piece: Buffer): void => {
    if (!client.write(piece)) server.pause()
  }
  const take = (piece: Buffer): void => {
    if (decoder !== null) {
      if (decoder.read(piece, write) >= 0) finish()
      return
    }
    const part = piece.length > left ? piece.subarray(0, left) : piece
    left -= part.length
    if (part.length > 0) write(part)
    if (left === 0) finish()
  }
  const guarded = (piece: Buffer): void => {
    try {
      take(piece)
    } catch {
      client.resetAndDestroy()
      server.destroy()
    }
  }
  client.on('drain', () => server.resume())
  client.on('close', () => server.destroy())
  server.on('data', guarded)
  // Cut short, it must not look complete: only an answer without a length ends with its connection.
  server.on('end', () => (head.framing === 'close' ? finish() : client.resetAndDestroy()))
  server.on('close', () => {
    if (!client.writableEnded) client.resetAndDestroy()
  })
  guarded(rest)
  server.resume()
}

function pairs(headers: readonly string[]): string[] {
  const lines: string[] = []
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`)
  return lines
}
