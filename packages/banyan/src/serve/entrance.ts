import type { Server } from 'node:http'
import { createServer, Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BanyanError } from '@banyan/model'
import { type Address, listenOn } from './listen.ts'
import type { AddressPlace, Places } from './place.ts'

/** Where a server listens, and what it was told and could not do. */
export type Opened = Address & {
  /** Of the private address beside a passed socket. */
  readonly privateUrl: string | null
  /** Why a socket that was announced is not listened on. */
  readonly missing: string | null
}

/** The listeners of one HTTP server: the public one, and at most one private one beside it. */
export class Entrance {
  readonly #server: Server
  readonly #places: Places
  readonly #inside = new WeakSet<Duplex>()
  #inner: NetServer | null = null
  /** Nobody comes through a public socket, so that the address is known to those inside only. */
  #isAllPrivate = false

  constructor(server: Server, places: Places) {
    this.#server = server
    this.#places = places
  }

  /** Whether a connection came at the private address. */
  isPrivate(socket: Duplex): boolean {
    return this.#isAllPrivate || this.#inside.has(socket)
  }

  /**
   * Starts to listen everywhere. The private address comes first: a port that is taken is found out
   * before a single client was accepted from the public socket.
   */
  async open(): Promise<Opened> {
    const place = this.#places.private
    if (place === null) return this.#openOne()
    const inner = this.#innerServer()
    const { url: privateUrl, port } = await listenOn(inner, place)
    try {
      const address = await listenOn(this.#server, this.#places.public)
      this.#inner = inner
      return { ...address, privateUrl, missing: null }
    } catch (error) {
      inner.close()
      return this.#openInstead({ ...place, port }, error)
    }
  }

  /** Accepts nothing new. What is connected stays: `http.Server.close` would cut what is idle. */
  close(): void {
    NetServer.prototype.close.call(this.#server)
    this.#inner?.close()
  }

  async #openOne(): Promise<Opened> {
    const { public: place, missing } = this.#places
    this.#isAllPrivate = place.kind === 'address'
    return { ...(await listenOn(this.#server, place)), privateUrl: null, missing }
  }

  /** The announced socket turned out to be none: the private address is where everybody comes. */
  async #openInstead(place: AddressPlace, error: unknown): Promise<Opened> {
    this.#isAllPrivate = true
    const missing = BanyanError.is(error) ? error.message : String(error)
    return { ...(await listenOn(this.#server, place)), privateUrl: null, missing }
  }

  /** Gives its connections to the HTTP server, with the settings that Node's HTTP servers have. */
  #innerServer(): NetServer {
    const inner = createServer({ allowHalfOpen: true, noDelay: true })
    return inner.on('connection', (socket: Socket) => {
      this.#inside.add(socket)
      this.#server.emit('connection', socket)
    })
  }
}
