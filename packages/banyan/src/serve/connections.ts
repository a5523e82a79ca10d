import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** The open connections of one server, and what is being answered on them. */
export class Connections {
  /**
   * Connections that speak HTTP, with the last answer of each: of pipelined ones it is the last that
   * counts. A connection that was upgraded is not ours to wait for any more.
   */
  readonly #http = new Map<Duplex, ServerResponse | null>()
  readonly #all = new Set<Socket>()
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

  /** How many connections wait for an answer. */
  get busy(): number {
    return [...this.#http.values()].filter(isUnderWay).length
  }

  /** Notes what is answered on a connection; it is under way until it is out or the connection gone. */
  answering(socket: Duplex, response: ServerResponse): void {
    if (this.#http.has(socket)) this.#http.set(socket, response)
  }

  isBusy(socket: Duplex): boolean {
    return isUnderWay(this.#http.get(socket) ?? null)
  }

  /** Tells the clients that wait for an answer to use another connection next. */
  announceClose(): void {
    for (const response of this.#http.values()) {
      if (isUnderWay(response) && !response.headersSent) response.setHeader('connection', 'close')
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
    for (const [socket, response] of this.#http) if (!isUnderWay(response)) socket.destroy()
  }

  /** Cuts every HTTP connection. Gives back how many waited for an answer. */
  cutHttp(): number {
    const lost = this.busy
    for (const socket of this.#http.keys()) socket.destroy()
    return lost
  }

  /** Cuts everything, upgraded connections too. */
  cutAll(): void {
    for (const socket of this.#all) socket.destroy()
  }

  #opened(socket: Socket): void {
    this.#http.set(socket, null)
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

function isUnderWay(response: ServerResponse | null): response is ServerResponse {
  return response !== null && !response.writableFinished && !response.destroyed
}
