import { connect, type Socket } from 'node:net'
import type { GatewayLimits } from '../limits.ts'
import type { Balancer } from '../upstream/balancer.ts'
import { isOwnFault } from '../upstream/own-fault.ts'
import type { Server } from '../upstream/server.ts'

export type PassageOptions = {
  /** Of a client; nothing was read from it yet. */
  readonly client: Socket
  readonly service: string
  readonly balancer: Balancer
  readonly limits: GatewayLimits
  /** Called once, when both sides are closed. */
  onEnd(): void
  /** A server did not take the connection; another one is tried. */
  onTrouble(server: Server, reason: string): void
}

/** After how long without a byte the system asks whether the other side is still there. */
const aliveMs = 60_000

/**
 * A connection of a client and the one to a server that it is passed on to: bytes go both ways as they
 * are, as fast as the slower side takes them, and the end of each direction is passed on by itself. A
 * connection that breaks, or is cut, ends with a reset on the other side, so that it never looks
 * complete.
 */
export class Passage {
  readonly #options: PassageOptions
  readonly #tried = new Set<Server>()
  #waiting: { cancel(): void } | null = null
  #upstream: Socket | null = null
  #server: Server | null = null
  #over = false

  constructor(options: PassageOptions) {
    this.#options = options
    const { client } = options
    client.setNoDelay(true)
    client.setKeepAlive(true, aliveMs)
    client.on('error', () => this.cut())
    client.once('close', () => this.#onClose())
  }

  /** Finds a server. No byte was sent yet, so that any number of them may be tried. */
  begin(): void {
    const { balancer, service } = this.#options
    const server = balancer.pick(service, this.#tried)
    if (server !== null) {
      this.#ask(server)
      return
    }
    this.#waiting = balancer.wait(service, (found) => {
      this.#waiting = null
      if (this.#over) return
      if (found === null) this.cut()
      else this.#ask(found)
    })
  }

  /** The time of a drain is over. */
  goAway(): void {
    this.cut()
  }

  cut(): void {
    if (this.#over) return
    const upstream = this.#upstream
    this.#options.client.resetAndDestroy()
    if (upstream?.connecting) upstream.destroy()
    else upstream?.resetAndDestroy()
    this.#finish()
  }

  #ask(server: Server): void {
    const { host, port } = server.backend
    const { limits } = this.#options
    const began = performance.now()
    const upstream = connect({ host, port, noDelay: true, allowHalfOpen: true })
    this.#upstream = upstream
    this.#server = server
    // A drain waits for a connection that is being opened as well.
    server.tunnels.add(this)
    const fail = (error: NodeJS.ErrnoException): void => {
      clearTimeout(late)
      upstream.off('error', fail).on('error', () => {})
      upstream.destroy()
      if (isOwnFault(error)) this.cut()
      else {
        server.answered(performance.now() - began, true)
        this.#tryAnother(server, error.message)
      }
    }
    const late = setTimeout(
      () => fail(new Error('It took no connection.')),
      limits.connectTimeoutMs,
    )
    upstream.on('error', fail)
    upstream.once('close', () => clearTimeout(late))
    upstream.once('connect', () => {
      clearTimeout(late)
      upstream.off('error', fail)
      server.answered(performance.now() - began, false)
      this.#join(upstream)
    })
  }

  #tryAnother(server: Server, reason: string): void {
    server.tunnels.delete(this)
    this.#upstream = null
    this.#server = null
    if (this.#over) return
    this.#tried.add(server)
    server.suspect(reason)
    this.#options.onTrouble(server, reason)
    this.begin()
  }

  #join(upstream: Socket): void {
    const { client } = this.#options
    upstream.setKeepAlive(true, aliveMs)
    upstream.on('error', () => this.cut())
    upstream.once('close', () => this.#onClose())
    client.pipe(upstream)
    upstream.pipe(client)
    client.once('end', () => this.#boundHalf(upstream))
    upstream.once('end', () => this.#boundHalf(client))
  }

  /** One side has said all that it had; the other one may go on, but not keep silent for ever. */
  #boundHalf(socket: Socket): void {
    socket.setTimeout(this.#options.limits.halfClosedTimeoutMs, () => this.cut())
  }

  /** One of the two is closed: in order when both have ended, else by somebody who broke it off. */
  #onClose(): void {
    if (this.#over) return
    const { client } = this.#options
    const upstream = this.#upstream
    const isWhole = upstream !== null && hasEnded(client) && hasEnded(upstream)
    if (!isWhole) this.cut()
    else if (client.destroyed && upstream.destroyed) this.#finish()
  }

  #finish(): void {
    this.#over = true
    this.#waiting?.cancel()
    this.#server?.tunnels.delete(this)
    this.#options.onEnd()
  }
}

/** Whether it has been read to its end. */
const hasEnded = ({ readableEnded }: Socket): boolean => readableEnded
