import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Peer } from '../http/request-head.ts'
import { type IsTrusted, plainAddress } from '../http/trusted-proxies.ts'

/** A request that came while the one before it on its connection was still being answered. */
export type Pipelined = { readonly request: IncomingMessage; readonly response: ServerResponse }

/** A connection of a client that speaks HTTP. */
export type Client = {
  readonly address: string
  peer: Peer
  /** The answer that is under way. */
  response: ServerResponse | null
  queue: Pipelined[] | null
  queuedBytes: number
}

/** The connections of clients: who is behind each, and what is being answered on it. */
export class Clients {
  readonly #clients = new Map<Duplex, Client>()
  #isTrusted: IsTrusted = () => false
  #onEmpty: (() => void) | undefined

  get size(): number {
    return this.#clients.size
  }

  get busy(): number {
    return [...this.#clients.values()].filter(({ response }) => response !== null).length
  }

  trust(isTrusted: IsTrusted): void {
    this.#isTrusted = isTrusted
    for (const client of this.#clients.values()) client.peer = this.#peerOf(client.address)
  }

  opened(socket: Socket): void {
    // A client that is gone already has no address any more.
    const address = plainAddress(socket.remoteAddress ?? 'unknown')
    const peer = this.#peerOf(address)
    this.#clients.set(socket, { address, peer, response: null, queue: null, queuedBytes: 0 })
    socket.once('close', () => this.left(socket))
  }

  of(socket: Duplex): Client | undefined {
    return this.#clients.get(socket)
  }

  /** It is gone, or no longer speaks HTTP. */
  left(socket: Duplex): void {
    this.#clients.delete(socket)
    if (this.#clients.size === 0) this.#onEmpty?.()
  }

  /** Resolves when no connection is open. */
  empty(): Promise<void> {
    if (this.#clients.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onEmpty = resolve
    })
  }

  /** Cuts the connections on which nothing is being answered. */
  destroyIdle(): void {
    for (const [socket, { response }] of this.#clients) if (response === null) socket.destroy()
  }

  /** Cuts all. Gives back how many waited for an answer. */
  cut(): number {
    const lost = this.busy
    for (const socket of this.#clients.keys()) socket.destroy()
    return lost
  }

  #peerOf(address: string): Peer {
    return { address, trusted: this.#isTrusted(address) }
  }
}
