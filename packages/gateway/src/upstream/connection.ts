import { connect, type Socket } from 'node:net'
import { type AnswerHead, BadAnswer, readAnswerHead } from '../http/answer-head.ts'
import { ChunkedDecoder } from '../http/chunked-decoder.ts'
import { isOwnFault } from './own-fault.ts'
import { UpstreamError } from './upstream-error.ts'

/** Whoever asked, and hears what becomes of it. After `onEnd` or `onFail` there is nothing more. */
export type AnswerSink = {
  readonly method: string
  /** The connection is open now; not told where it was open already. */
  onConnected(): void
  /** A head of 1xx, which is not yet the answer. */
  onInformation(head: AnswerHead): void
  onHead(head: AnswerHead): void
  /** The piece is only lent for the call. False: no more until `resume`. */
  onData(piece: Buffer): boolean
  onEnd(): void
  onFail(error: UpstreamError): void
  /** The server takes more of the request's body again. */
  onDrain(): void
}

export type ConnectionOwner = {
  readonly answerHeadBytesMax: number
  /** The answer is complete and the connection free again. */
  onFree(connection: Connection): void
  /** It is no more. */
  onGone(connection: Connection): void
}

/**
 * All connections read into the same memory: what is read is used up, or copied, before the next read.
 * It saves an allocation of 64 KiB per read.
 */
const readBuffer = Buffer.allocUnsafeSlow(65_536)

const headEnd = Buffer.from('\r\n\r\n')
const informationMax = 32

/**
 * One HTTP/1.1 connection to a server: one request at a time, never pipelined, so that a lost
 * connection loses one request. It trusts the server no further than a client would.
 */
export class Connection {
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  #sink: AnswerSink | null = null
  #connected = false
  #wrote = false
  #head: AnswerHead | null = null
  #pending: Buffer | null = null
  #left = 0
  #chunked: ChunkedDecoder | null = null
  #informations = 0
  #bodyDone = true
  /** When the request was sent, or when the connection became idle; on the monotonic clock. */
  since = performance.now()
  /** Until when an idle one may be used. */
  idleUntil = 0

  constructor(host: string, port: number, owner: ConnectionOwner) {
    this.#owner = owner
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (bytes) => this.#onRead(bytes) },
    })
    this.#socket.on('connect', () => {
      this.#connected = true
      this.#sink?.onConnected()
    })
    this.#socket.on('drain', () => this.#sink?.onDrain())
    this.#socket.on('end', () => this.#onServerEnd())
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => {
      this.#fail(new Error('The server closed the connection.'))
      this.#owner.onGone(this)
    })
  }

  get connected(): boolean {
    return this.#connected
  }

  get usable(): boolean {
    return this.#sink === null && !this.#socket.destroyed && this.#socket.readyState !== 'readOnly'
  }

  /** Whether the answer has not even begun. */
  get awaitsHead(): boolean {
    return this.#sink !== null && this.#head === null
  }

  /** Sends a request. Without `end` its body follows with `write`. */
  send(sink: AnswerSink, head: string, body: Buffer | null, end: boolean): void {
    this.#sink = sink
    this.#head = null
    this.#informations = 0
    this.#wrote = true
    this.#bodyDone = end
    this.since = performance.now()
    if (body === null) this.#socket.write(head, 'latin1')
    else {
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      this.#socket.write(body)
      this.#socket.uncork()
    }
  }

  /** More of the request's body. False: wait for `onDrain`. */
  write(piece: Buffer | string): boolean {
    // The server's time to answer begins when it has the whole request.
    this.since = performance.now()
    return this.#socket.write(piece)
  }

  /** The body is complete. */
  bodyDone(): void {
    this.since = performance.now()
    this.#bodyDone = true
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Ends it; whoever waits hears that the answer was late. */
  giveUp(): void {
    this.#fail(null, 'timeout')
  }

  destroy(): void {
    this.#sink = null
    this.#socket.destroy()
  }

  #onRead(bytes: number): boolean {
    const sink = this.#sink
    if (sink === null) {
      // Nothing was asked: whatever it says could only be taken for the answer to the next request.
      this.#socket.destroy()
      return false
    }
    try {
      return this.#take(readBuffer.subarray(0, bytes), sink)
    } catch (error) {
      if (!(error instanceof BadAnswer)) throw error
      this.#fail(error, 'malformed')
      return false
    }
  }

  #take(read: Buffer, sink: AnswerSink): boolean {
    let piece = read
    while (this.#head === null) {
      const all = this.#pending === null ? piece : Buffer.concat([this.#pending, piece])
      const end = all.indexOf(headEnd)
      if (end < 0 || end > this.#owner.answerHeadBytesMax) {
        if (all.length > this.#owner.answerHeadBytesMax) {
          throw new BadAnswer('The headers of the answer are too large.')
        }
        this.#pending = this.#pending === null ? Buffer.from(all) : all
        return true
      }
      this.#pending = null
      const head = readAnswerHead(all.toString('latin1', 0, end), sink.method)
      piece = all.subarray(end + 4)
      if (head.status < 200) this.#inform(head, sink)
      else this.#begin(head, sink)
      if (this.#sink !== sink) return false
      if (this.#head === null && piece.length === 0) return true
    }
    return this.#takeBody(piece, sink)
  }

  #inform(head: AnswerHead, sink: AnswerSink): void {
    this.#informations += 1
    if (head.status === 101) throw new BadAnswer('It changes the protocol, which nobody asked for.')
    if (this.#informations > informationMax)
      throw new BadAnswer('It announces its answer without end.')
    sink.onInformation(head)
  }

  #begin(head: AnswerHead, sink: AnswerSink): void {
    this.#head = head
    this.#left = typeof head.framing === 'number' ? head.framing : 0
    this.#chunked = head.framing === 'chunked' ? new ChunkedDecoder() : null
    sink.onHead(head)
  }

  #takeBody(piece: Buffer, sink: AnswerSink): boolean {
    const framing = (this.#head as AnswerHead).framing
    if (framing === 'close') return piece.length === 0 || sink.onData(piece)
    if (this.#chunked !== null) return this.#takeChunked(piece, sink, this.#chunked)
    if (piece.length > this.#left) return this.#takeSurplus(piece, sink)
    this.#left -= piece.length
    const goOn = piece.length === 0 || sink.onData(piece)
    if (this.#sink !== sink) return false
    if (this.#left === 0) this.#finish(true)
    return goOn || this.#left === 0
  }

  /** More than announced: the answer is good, the connection is not. */
  #takeSurplus(piece: Buffer, sink: AnswerSink): boolean {
    if (this.#left > 0) sink.onData(piece.subarray(0, this.#left))
    if (this.#sink === sink) this.#finish(false)
    return false
  }

  #takeChunked(piece: Buffer, sink: AnswerSink, decoder: ChunkedDecoder): boolean {
    let goOn = true
    const end = decoder.read(piece, (data) => {
      if (this.#sink === sink && !sink.onData(data)) goOn = false
    })
    if (this.#sink !== sink) return false
    if (end < 0) return goOn
    this.#finish(end === piece.length)
    return true
  }

  #finish(clean: boolean): void {
    const sink = this.#sink as AnswerSink
    const head = this.#head as AnswerHead
    this.#sink = null
    this.#head = null
    if (clean && head.persistent && this.#bodyDone && !this.#socket.destroyed) {
      this.since = performance.now()
      this.idleUntil = this.since + idleMs(head.keepAliveMs)
      this.#owner.onFree(this)
    } else this.#socket.destroy()
    sink.onEnd()
  }

  #onServerEnd(): void {
    if (this.#sink !== null && this.#head?.framing === 'close') this.#finish(false)
    else this.#fail(new Error('The server closed the connection.'))
  }

  #fail(error: Error | null, kind?: 'malformed' | 'timeout'): void {
    const sink = this.#sink
    this.#sink = null
    this.#socket.destroy()
    if (sink === null) return
    const sent = this.#wrote && this.#connected
    const message = error?.message ?? 'The server did not answer in time.'
    sink.onFail(new UpstreamError(kind ?? lossOf(sent, error), sent, message))
  }
}

const lossOf = (sent: boolean, error: Error | null): UpstreamError['kind'] => {
  if (sent) return 'lost'
  return isOwnFault(error) ? 'own' : 'refused'
}

/** Less than the server keeps it, so that no request meets its close. */
const idleMs = (keepAliveMs: number | null): number =>
  keepAliveMs === null ? 4_000 : Math.max(0, Math.min(keepAliveMs - 1_000, 60_000))
