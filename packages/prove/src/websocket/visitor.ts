import type { ClientRequest } from 'node:http'
import { WebSocket } from 'ws'
import { reasonOf } from '../http/failures.ts'
import type { WebSocketFigures } from './figures.ts'

/** What a server says when it goes, or sends its clients elsewhere: no fault, and they come again. */
const goodEnds = new Set([1000, 1001, 1012])

const pingEveryMs = 1_000

/** A visitor who was turned away tries again after a while; one who was seen off well, at once. */
const pauseAfterFailureMs = 1_000

/** One that is seen off as soon as it comes must not become a loop. */
const stayMinMs = 100

/** Sent and not answered yet; a pong also answers every ping before its own. */
type Ping = { readonly number: number; readonly sentMs: number }

/**
 * One visitor who keeps a WebSocket open: pings once a second, and comes again whenever it ends. It has no
 * timers; whoever has many of them calls `look` often enough.
 */
export class WebSocketVisitor {
  readonly #url: string
  readonly #timeoutMs: number
  readonly #now: () => number
  readonly #figures: WebSocketFigures
  #socket: WebSocket | null = null
  #isOpen = false
  /** When the opening has to be over. */
  #deadlineMs = 0
  #openedMs = 0
  #openAgainMs = 0
  #nextPingMs = 0
  #pings: Ping[] = []
  #pinged = 0
  #isOver = false

  constructor(url: string, timeoutMs: number, now: () => number, figures: WebSocketFigures) {
    this.#url = url
    this.#timeoutMs = timeoutMs
    this.#now = now
    this.#figures = figures
  }

  /** Does what is due: opens, pings, and gives up what took too long. */
  look(): void {
    const now = this.#now()
    if (this.#isOver) return
    if (this.#socket === null) {
      if (now >= this.#openAgainMs) this.#open()
      return
    }
    if (!this.#isOpen) {
      if (now >= this.#deadlineMs) this.#fail('not open in time')
      return
    }
    // A farewell is under way: there is nothing to ask any more.
    if (this.#socket.readyState !== WebSocket.OPEN) return
    const [oldest] = this.#pings
    if (oldest && now - oldest.sentMs >= this.#timeoutMs) this.#fail('no pong')
    else if (now >= this.#nextPingMs) this.#ping(this.#socket, now)
  }

  /** Says goodbye; what comes afterwards is not counted. Resolves when the connection is gone. */
  async leave(limitMs: number): Promise<void> {
    this.#isOver = true
    const socket = this.#socket
    this.#socket = null
    if (!socket) return
    const limit = setTimeout(() => socket.terminate(), limitMs)
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    if (this.#isOpen) socket.close(1000)
    else socket.terminate()
    await gone
    clearTimeout(limit)
  }

  #open(): void {
    const socket = new WebSocket(this.#url, {
      perMessageDeflate: false,
      closeTimeout: this.#timeoutMs,
    } as WebSocket.ClientOptions)
    this.#socket = socket
    this.#isOpen = false
    this.#deadlineMs = this.#now() + this.#timeoutMs
    let error: Error | null = null
    socket.on('open', () => this.#opened())
    socket.on('message', () => {
      this.#figures.messages++
    })
    socket.on('pong', (data: Buffer) => this.#ponged(String(data)))
    socket.on('unexpected-response', (request: ClientRequest, { statusCode }) => {
      if (this.#socket === socket) this.#fail(`HTTP ${statusCode}`)
      request.destroy()
    })
    socket.on('error', (cause: Error) => {
      error = cause
    })
    socket.on('close', (code) => {
      if (this.#socket === socket) this.#ended(code, error)
    })
  }

  #opened(): void {
    this.#isOpen = true
    this.#figures.opened++
    this.#pings = []
    this.#openedMs = this.#now()
    this.#nextPingMs = this.#openedMs + pingEveryMs
  }

  #ping(socket: WebSocket, now: number): void {
    this.#nextPingMs = now + pingEveryMs
    const number = this.#pinged++
    this.#pings.push({ number, sentMs: now })
    this.#figures.pings++
    socket.ping(String(number))
  }

  #ponged(data: string): void {
    const now = this.#now()
    const answered = this.#pings.find(({ number }) => String(number) === data)
    if (!answered) return
    this.#figures.latency.record(Math.max(1, Math.round((now - answered.sentMs) * 1e6)))
    this.#pings = this.#pings.filter(({ number }) => number > answered.number)
  }

  #ended(code: number, error: Error | null): void {
    if (this.#isOpen && goodEnds.has(code)) {
      this.#figures.closedWell++
      this.#socket = null
      this.#openAgainMs = this.#openedMs + stayMinMs
      this.look()
      return
    }
    this.#fail(error ? reasonOf(error) : `closed with ${code}`)
  }

  #fail(cause: string): void {
    const socket = this.#socket
    this.#socket = null
    this.#figures.failures.add(cause)
    this.#openAgainMs = this.#now() + pauseAfterFailureMs
    socket?.terminate()
  }
}
