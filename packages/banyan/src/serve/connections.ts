import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { AnswerCounts, EntryRequests } from '@banyan/model'
import { type EntryCounts, Exchange, isUnderWay, Tally } from './tally.ts'
import { Upgraded } from './upgraded.ts'

/** The open connections of one server, and what is being answered on them. */
export class Connections {
  /** Connections that speak HTTP. */
  readonly #http = new Map<Duplex, Exchange>()
  readonly #tally = new Tally()
  readonly #isEntry: ((socket: Duplex) => boolean) | null
  readonly #upgraded = new Map<Duplex, Upgraded>()
  readonly #all = new Set<Socket>()
  #tracksUpgrades = false
  #onEmpty: (() => void) | undefined

  /** @param isEntry whether a connection came from outside of the system; null: none can */
  constructor(server: Server, isEntry: ((socket: Duplex) => boolean) | null = null) {
    this.#isEntry = isEntry
    server.on('connection', (socket: Socket) => this.#opened(socket))
    // Merely having a listener makes Node treat upgrades as such, so ours comes only with another.
    server.on('newListener', (event) => {
      if (event === 'upgrade') this.#trackUpgrades(server)
    })
    if (server.listenerCount('upgrade') > 0) this.#trackUpgrades(server)
  }

  /** What has been answered so far, and how fast, probes aside. */
  get answers(): AnswerCounts {
    return this.#tally.read(this.#http)
  }

  /** What clients from outside of the system were answered; null: none can come. */
  get entry(): EntryCounts | null {
    return this.#isEntry === null ? null : this.#tally.readEntry(this.#http)
  }

  get requests(): EntryRequests {
    const { sent, failed } = this.answers
    return { sent, failed }
  }

  /** How many requests are being answered, probes aside. */
  get inFlight(): number {
    return this.#underWay().filter(({ counts }) => counts).length
  }

  /** How many connections were upgraded and are still open. */
  get webSockets(): number {
    return this.#upgraded.size
  }

  /**
   * Notes what is answered on a connection; it is under way until it is out or the connection gone.
   * Probes do not count. Gives back whether the connection is to end with this answer.
   */
  answering(socket: Duplex, response: ServerResponse, counts: boolean): boolean {
    const exchange = this.#http.get(socket)
    if (exchange === undefined) return false
    this.#tally.settle(socket, exchange)
    exchange.begin(response, counts)
    return exchange.leaves
  }

  isBusy(socket: Duplex): boolean {
    return isUnderWay(this.#http.get(socket)?.last ?? null)
  }

  /** What a client sent is no HTTP, or did not come in time. */
  broken(socket: Duplex): void {
    const exchange = this.#http.get(socket)
    if (exchange !== undefined) exchange.broken = true
  }

  /** Tells the clients that wait for an answer to use another connection next. */
  announceClose(): void {
    for (const { last } of this.#http.values()) {
      if (isUnderWay(last) && !last.headersSent) last.setHeader('connection', 'close')
    }
  }

  /**
   * Ends a part of the connections, the oldest first, each with its next answer: clients that keep theirs
   * come back through the socket, where another process may take them. Gives back how many.
   */
  letGo(share: number): number {
    const staying = [...this.#http.values()].filter(({ leaves }) => !leaves)
    const leaving = staying.slice(0, Math.ceil(share * staying.length))
    for (const exchange of leaving) exchange.leaves = true
    return leaving.length
  }

  /** Resolves when no connection is open, upgraded ones included. */
  empty(): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onEmpty = resolve
    })
  }

  /** Cuts the HTTP connections on which nothing is being answered. */
  destroyIdle(): void {
    for (const [socket, { last }] of this.#http) if (!isUnderWay(last)) socket.destroy()
  }

  /** Cuts every HTTP connection. Gives back how many waited for an answer. */
  cutHttp(): number {
    const lost = this.#underWay().length
    for (const socket of this.#http.keys()) socket.destroy()
    return lost
  }

  /** Ends what was upgraded, WebSockets with the code 1001; cuts what has not ended in time. */
  async leaveUpgraded(waitMs: number): Promise<void> {
    await Promise.all([...this.#upgraded.values()].map((one) => one.leave(waitMs)))
  }

  /** Cuts everything, upgraded connections too. */
  cutAll(): void {
    for (const socket of this.#all) socket.destroy()
  }

  #opened(socket: Socket): void {
    this.#http.set(socket, new Exchange(this.#isEntry?.(socket)))
    this.#all.add(socket)
    socket.once('close', () => {
      this.#all.delete(socket)
      this.#upgraded.delete(socket)
      this.#leave(socket)
    })
  }

  #isEmpty(): boolean {
    return this.#http.size === 0 && this.#upgraded.size === 0
  }

  #underWay(): Exchange[] {
    return [...this.#http.values()].filter(({ last }) => isUnderWay(last))
  }

  #leave(socket: Duplex): void {
    const exchange = this.#http.get(socket)
    if (exchange !== undefined) this.#tally.settle(socket, exchange)
    this.#http.delete(socket)
    if (this.#isEmpty()) this.#onEmpty?.()
  }

  #trackUpgrades(server: Server): void {
    if (this.#tracksUpgrades) return
    this.#tracksUpgrades = true
    server.prependListener('upgrade', (request: IncomingMessage, socket: Duplex) => {
      this.#upgraded.set(socket, new Upgraded(request, socket))
      this.#leave(socket)
    })
  }
}
