import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { after } from './after.ts'
import { closeFrame, FrameFollower } from './frame-follower.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'

/** RFC 6455, section 7.4.1: the server goes away. A client takes it for a reason to come again. */
const goingAway = 1001

/** What an answer to an upgrade may take before we stop looking for its end. */
const headBytesMax = 65_536

type Callback = (error?: Error | null) => void

/** A socket's `write`, in the form that all others come to. */
export type Write = (chunk: unknown, encoding?: BufferEncoding, callback?: Callback) => boolean

/**
 * `opening`: the app has not answered yet; `webSocket`: it has agreed to one, and frames follow;
 * `other`: something else is spoken, of which we know nothing.
 */
type Stage = 'opening' | 'webSocket' | 'other'

/**
 * A connection that the app has taken over. What the app writes on it is followed, so that a close
 * frame of ours can be put between two of its frames.
 */
export class Upgraded {
  readonly #socket: Duplex
  readonly #write: Write
  readonly #frames = new FrameFollower()
  readonly #closed: Promise<'closed'>
  #stage: Stage
  #head = ''
  /** Our close frame goes out at the next boundary. */
  #isLeaving = false
  /** Nothing of what the app still writes may follow. */
  #isMute = false

  constructor(request: IncomingMessage, socket: Duplex) {
    this.#socket = socket
    this.#write = (socket.write as Write).bind(socket)
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve('closed')))
    this.#stage = isWebSocket(request) ? 'opening' : 'other'
    if (this.#stage === 'opening') this.#follow()
  }

  /**
   * Says goodbye to the peer, in the words of a WebSocket where it is one, and waits for it to answer;
   * cuts the connection when the time is over.
   */
  async leave(waitMs: number): Promise<void> {
    if (this.#stage === 'webSocket') this.#close()
    else if (this.#stage === 'opening' && this.#head === '') this.#refuse()
    else this.#socket.end()
    const isClosed = await this.#closesWithin((waitMs * 2) / 3)
    // The peer has not ended the connection, nor has the app on its answer: half a close may help.
    if (!isClosed && this.#frames.closed) this.#socket.end()
    if (isClosed || (await this.#closesWithin(waitMs / 3))) return
    this.#socket.destroy()
    await this.#closed
  }

  async #closesWithin(ms: number): Promise<boolean> {
    const deadline = after(ms)
    const outcome = await Promise.race([this.#closed, deadline.promise])
    deadline.cancel()
    return outcome === 'closed'
  }

  #close(): void {
    if (this.#frames.closed) return
    if (this.#frames.atBoundary) this.#sayClose()
    else this.#isLeaving = true
  }

  #sayClose(): void {
    // The app's own close frame may have been what the boundary was waited for.
    if (!this.#frames.closed) this.#pass(closeFrame(goingAway))
    this.#isMute = true
  }

  #refuse(): void {
    this.#isMute = true
    refuseUpgrade(this.#socket, this.#write)
  }

  /** Everything that an app can write goes through these two. */
  #follow(): void {
    const socket = this.#socket
    const end = socket.end as (callback?: Callback) => Duplex
    socket.write = (...args: unknown[]): boolean => {
      const [chunk, encoding, callback] = writeArguments(args)
      return this.#take(chunk, encoding, callback)
    }
    socket.end = (...args: unknown[]): Duplex => {
      const [chunk, encoding, callback] = writeArguments(args)
      if (chunk !== null && chunk !== undefined) this.#take(chunk, encoding, undefined)
      return end.call(socket, callback)
    }
  }

  #take(
    chunk: unknown,
    encoding: BufferEncoding | undefined,
    callback: Callback | undefined,
  ): boolean {
    if (this.#isMute) {
      if (callback !== undefined) process.nextTick(callback)
      return true
    }
    const bytes = bytesOf(chunk, encoding)
    if (bytes !== null && this.#isLeaving) return this.#takeLast(bytes, callback)
    if (bytes !== null) this.#look(bytes)
    return this.#write(chunk, encoding, callback)
  }

  /** The rest of the frame that is under way, and then our own. */
  #takeLast(bytes: Uint8Array, callback: Callback | undefined): boolean {
    const length = this.#frames.takeFrame(bytes, 0)
    const isTaken = this.#write(bytes.subarray(0, length), undefined, callback)
    if (this.#frames.atBoundary) this.#sayClose()
    return isTaken
  }

  #look(bytes: Uint8Array): void {
    if (this.#stage === 'webSocket') this.#frames.take(bytes)
    else if (this.#stage === 'opening') this.#lookForHead(bytes)
  }

  #lookForHead(bytes: Uint8Array): void {
    const before = this.#head.length
    this.#head += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    const end = this.#head.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end < 0) {
      if (this.#head.length > headBytesMax) this.#stage = 'other'
      return
    }
    this.#stage = /^HTTP\/1\.1 101[ \r]/.test(this.#head) ? 'webSocket' : 'other'
    if (this.#stage === 'webSocket') this.#frames.take(bytes.subarray(end + 4 - before))
  }

  #pass(bytes: Buffer): void {
    this.#frames.take(bytes)
    if (this.#socket.writable) this.#write(bytes)
  }
}

/** Whether a request asks for a WebSocket, rather than for HTTP/2 or something else. */
export function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

type WriteArguments = [
  chunk: unknown,
  encoding: BufferEncoding | undefined,
  callback: Callback | undefined,
]

/** Brings the forms that `write` and `end` may be called in to one. */
function writeArguments(args: readonly unknown[]): WriteArguments {
  const callback = args.find((one) => typeof one === 'function') as Callback | undefined
  const chunk = typeof args[0] === 'function' ? undefined : args[0]
  const encoding = typeof args[1] === 'string' ? (args[1] as BufferEncoding) : undefined
  return [chunk, encoding, callback]
}

/** Null for what no socket can write; the socket says so itself. */
function bytesOf(chunk: unknown, encoding: BufferEncoding | undefined): Uint8Array | null {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding)
  return chunk instanceof Uint8Array ? chunk : null
}
