import type { WebSocket } from '@fastify/websocket'
import type { LiveArticles } from './live-articles.ts'

/** RFC 6455 and its registry: "try again later". */
const tryAgainLater = 1013

/** What may wait for a client that reads slowly; it misses articles anyway once that is full. */
const waitingBytesMax = 64 * 1024

/** The WebSockets of one process, and whether there is still somebody at the other end of each. */
export class LiveSockets {
  readonly #live: LiveArticles
  readonly #pingMs: number
  /** Whether a client has answered the last ping. */
  readonly #answered = new Map<WebSocket, boolean>()
  #timer: NodeJS.Timeout | null = null

  constructor(live: LiveArticles, pingMs = 20_000) {
    this.#live = live
    this.#pingMs = pingMs
  }

  get size(): number {
    return this.#answered.size
  }

  add(socket: WebSocket): void {
    const forget = this.#live.listen((message) => {
      if (socket.bufferedAmount <= waitingBytesMax) return socket.send(message)
      forget()
      socket.close(tryAgainLater, 'too slow')
    })
    this.#answered.set(socket, true)
    this.#timer ??= setInterval(() => this.#ping(), this.#pingMs).unref()
    socket.on('pong', () => this.#answered.set(socket, true))
    socket.on('close', () => {
      forget()
      this.#remove(socket)
    })
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #remove(socket: WebSocket): void {
    this.#answered.delete(socket)
    if (this.#answered.size === 0) this.close()
  }

  /** A connection on which nothing comes back is given up: its client may be gone without a word. */
  #ping(): void {
    for (const [socket, hasAnswered] of this.#answered) {
      if (!hasAnswered) socket.terminate()
      else {
        this.#answered.set(socket, false)
        socket.ping()
      }
    }
  }
}
