import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** The open connections and unfinished answers of one server. */
export class Connections {
  /** Connections that speak HTTP. One that was upgraded is not ours to wait for any more. */
  readonly #http = new Set<Duplex>()
  readonly #all = new Set<Socket>()
  readonly #inFlight = new Set<ServerResponse>()
  #tracksUpgrades = false
  #onEmpty: (() => void) | undefined

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => this.#opened(socket))
    // Merely having a listener makes Node treat upgrades as such, so ours comes only with another.
    server.on('newListener', (event) => {
      if (event === 'upgrade') this.#trackUpgrades(server)
    })
    if (server.listenerCount('upgrade') > 0) this.#trackUpgrades(server)
  }

  /** How many requests are being answered. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /** Counts a request until {@link ended}, which the `close` of its answer must lead to. */
  began(response: ServerResponse): void {
    this.#inFlight.add(response)
  }

  ended(response: ServerResponse): void {
    this.#inFlight.delete(response)
  }

  /** Whether an answer is under way on this connection. */
  isBusy(socket: Duplex): boolean {
    for (const response of this.#inFlight) if (response.req.socket === socket) return true
    return false
  }

  /** Tells the clients of all answers that have not begun yet to use another connection next. */
  announceClose(): void {
    for (const response of this.#inFlight) {
      if (!response.headersSent) response.setHeader('connection', 'close')
    }
  }

  /** Resolves when no HTTP connection is open. */
  empty(): Promise<void> {
    if (this.#http.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onEmpty = resolve
    })
  }

  /** Cuts the HTTP connections on which nothing is being answered. */
  destroyIdle(): void {
    const busy = new Set<Duplex>()
    for (const response of this.#inFlight) busy.add(response.req.socket)
    for (const socket of this.#http) if (!busy.has(socket)) socket.destroy()
  }

  /** Cuts every HTTP connection. Returns how many answers were lost by it. */
  cutHttp(): number {
    const lost = this.#inFlight.size
    for (const socket of this.#http) socket.destroy()
    return lost
  }

  /** Cuts everything, upgraded connections too. */
  cutAll(): void {
    for (const socket of this.#all) socket.destroy()
  }

  #opened(socket: Socket): void {
    this.#http.add(socket)
    this.#all.add(socket)
    socket.once('close', () => {
      this.#all.delete(socket)
      this.#leave(socket)
    })
  }

  #leave(socket: Duplex): void {
    this.#http.delete(socket)
    if (this.#http.size === 0) this.#onEmpty?.()
  }

  #trackUpgrades(server: Server): void {
    if (this.#tracksUpgrades) return
    this.#tracksUpgrades = true
    server.prependListener('upgrade', (_request: IncomingMessage, socket: Duplex) => {
      this.#leave(socket)
    })
  }
}
