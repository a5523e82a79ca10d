import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { BanyanError, type GatewayFile, type GatewayStatus } from '@banyan/model'
import type { Logger } from 'pino'
import { readTrusted } from './http/trusted-proxies.ts'
import { defaultLimits, type GatewayLimits, keepAliveGraceMs } from './limits.ts'
import { routerOf } from './routes.ts'
import { Entry } from './server/entry.ts'
import type { Exchange } from './server/exchange.ts'
import { privateServer } from './server/private-server.ts'
import { Ports } from './tcp/ports.ts'
import { GatewayTelemetry } from './telemetry/gateway-telemetry.ts'
import { hasFailed } from './telemetry/outcome.ts'
import { Balancer } from './upstream/balancer.ts'
import type { UpstreamError } from './upstream/upstream-error.ts'

/** Where clients come from: a socket that was passed, or an address of its own. */
export type PublicPlace = { readonly fd: number } | { readonly host: string; readonly port: number }

export type GatewayOptions = {
  readonly file: GatewayFile
  readonly place: PublicPlace
  readonly limits?: Partial<GatewayLimits>
  readonly logger: Logger
  /** How many lines its log had no room for. */
  readonly droppedLines?: () => number
}

/** A WebSocket that was told to go has this long to say goodbye. */
const goodbyeMs = 1_500

/**
 * A running gateway.
 *
 * @example
 * const gateway = await Gateway.start({ file, place: { host: '127.0.0.1', port: 0 }, logger: pino() })
 * const answer = await fetch(gateway.url)
 * await gateway.stop()
 */
export class Gateway {
  readonly #limits: GatewayLimits
  readonly #logger: Logger
  readonly #balancer: Balancer
  readonly #entry: Entry
  readonly #ports: Ports
  readonly #private: HttpServer
  readonly #telemetry: GatewayTelemetry
  readonly #requests = { sent: 0, failed: 0 }
  #file: GatewayFile
  #phase: 'starting' | 'ready' | 'draining' = 'starting'
  #stopped: Promise<void> | undefined

  /** Rejects with `BANYAN_LISTEN_FAILED` or `BANYAN_LISTEN_SOCKET_INVALID`. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const gateway = new Gateway(options)
    await gateway.#listen(options.place)
    return gateway
  }

  private constructor({ file, limits, logger, droppedLines = () => 0 }: GatewayOptions) {
    this.#telemetry = new GatewayTelemetry(droppedLines)
    this.#limits = { ...defaultLimits, ...limits }
    this.#logger = logger
    this.#file = file
    this.#balancer = new Balancer(this.#limits, {
      onHealth: ({ backend, healthy, reason }) => {
        const { node, service } = backend
        if (healthy) logger.info({ server: node, service }, 'server is healthy')
        else logger.warn({ server: node, service, reason }, 'server is not healthy')
      },
    })
    this.#entry = new Entry({
      limits: this.#limits,
      balancer: this.#balancer,
      telemetry: this.#telemetry,
      isDraining: () => this.#phase === 'draining',
      onEnd: (service, outcome, trace) => {
        this.#requests.sent += 1
        if (hasFailed(outcome)) this.#requests.failed += 1
        this.#telemetry.ended(service, outcome, trace)
      },
      onTrouble: (exchange, error) => this.#logTrouble(exchange, error),
    })
    this.#ports = new Ports(file.tcp ?? [], {
      limits: this.#limits,
      balancer: this.#balancer,
      onTrouble: (port, { backend }, reason) =>
        logger.warn({ port, server: backend.node, reason }, 'server did not take a connection'),
    })
    this.#private = privateServer(this)
    this.#take(file)
  }

  get url(): string {
    const address = this.#entry.server.address()
    if (address === null || typeof address === 'string') return ''
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
    return `http://${host}:${address.port}`
  }

  /** Where it listens for other protocols than HTTP, in the order of its file. */
  get tcpPorts(): readonly number[] {
    return this.#ports.listeners.map(
      (listener) => (listener.address() as AddressInfo | null)?.port ?? 0,
    )
  }

  /** Where control reaches it. */
  get privatePort(): number {
    const address = this.#private.address()
    return address === null || typeof address === 'string' ? 0 : address.port
  }

  get token(): string {
    return this.#file.token
  }

  /** What `/-/metrics` asks for; null: it is not there. */
  get metricsToken(): string | null {
    return this.#telemetry.token
  }

  /** What `/-/metrics` answers. */
  metrics(): string {
    const { clients } = this.#entry
    return this.#telemetry.text(clients.size + this.#balancer.tunnels + this.#ports.size)
  }

  get isReady(): boolean {
    return this.#phase === 'ready'
  }

  get status(): GatewayStatus {
    return {
      version: this.#file.version,
      requests: { ...this.#requests },
      backends: this.#balancer.servers.map((server) => server.status()),
    }
  }

  /** Takes another file at once; false when it has a newer one already. */
  apply(file: GatewayFile): boolean {
    if (file.version < this.#file.version) return false
    this.#take(file)
    this.#logger.info({ version: file.version, backends: file.backends.length }, 'servers changed')
    return true
  }

  /** Ends in order; see docs/designs/gateway.md. May be called more than once. */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain()
    return this.#stopped
  }

  #take(file: GatewayFile): void {
    this.#file = file
    this.#telemetry.take(file)
    this.#entry.clients.trust(readTrusted(file.trustedProxies).isTrusted)
    this.#entry.route(routerOf(file.routes))
    this.#ports.route(file.tcp ?? [])
    this.#balancer.apply(file)
  }

  async #listen(place: PublicPlace): Promise<void> {
    const { host, port } = this.#file.listen
    try {
      await listening(this.#private, { host, port })
      await listening(this.#entry.server, place)
      for (const [index, listener] of this.#ports.listeners.entries()) {
        await listening(listener, this.#portPlace(place, index))
      }
    } catch (error) {
      this.#private.close()
      this.#entry.stopAccepting()
      this.#ports.stopAccepting()
      this.#balancer.destroy()
      throw error
    }
    this.#phase = 'ready'
  }

  /** Passed like that of HTTP, or at the same address. */
  #portPlace(place: PublicPlace, index: number): PublicPlace {
    const { fd = 0, port = 0 } = this.#file.tcp?.[index] ?? {}
    return 'fd' in place ? { fd } : { host: place.host, port }
  }

  async #drain(): Promise<void> {
    this.#phase = 'draining'
    this.#entry.stopAccepting()
    this.#ports.stopAccepting()
    const { drainTimeoutMs } = this.#file
    const idleMs = this.#limits.keepAliveTimeoutMs + keepAliveGraceMs
    // An idle connection stays for as long as its client may count on it: Node's own timer ends it, and
    // this those that never sent anything.
    const sweep = setInterval(() => this.#entry.clients.destroyIdle(), idleMs)
    const isEmpty = await within(drainTimeoutMs, this.#empty())
    clearInterval(sweep)
    if (!isEmpty) {
      const connections = this.#ports.cut()
      if (connections > 0)
        this.#logger.warn({ connections }, 'connections were cut at the end of the drain timeout')
      this.#balancer.goAway()
      const lost = this.#entry.clients.cut()
      this.#requests.failed += lost
      if (lost > 0)
        this.#logger.error({ lost }, 'requests were cut at the end of the drain timeout')
      await within(goodbyeMs, this.#empty())
    }
    this.#balancer.destroy()
    await this.#telemetry.flush()
    this.#private.close()
    this.#private.closeAllConnections()
  }

  async #empty(): Promise<void> {
    await this.#entry.clients.empty()
    while (this.#balancer.tunnels + this.#ports.size > 0)
      await new Promise((resolve) => setTimeout(resolve, 20))
  }

  #logTrouble({ head, server, trace }: Exchange, { kind, sent, message }: UpstreamError): void {
    const { requestId, method } = head
    const path = head.path.split('?', 1)[0]
    const name = server?.backend.node
    this.#logger.warn(
      {
        reqId: requestId,
        ...(trace !== null && { trace_id: trace.traceId, span_id: trace.spanId }),
        method,
        path,
        server: name,
        kind,
        sent,
        reason: message,
      },
      'server failed a request',
    )
  }
}

/** Whether something came to be in time. */
async function within(ms: number, done: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), ms)
  void done.then(() => resolve(true))
  const outcome = await promise
  clearTimeout(timer)
  return outcome
}

async function listening(server: NetServer, place: PublicPlace): Promise<void> {
  server.listen(place)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const why = (cause as Error).message
    if ('fd' in place) {
      const message = `Descriptor ${place.fd} is not a listening socket: ${why}.`
      throw new BanyanError('BANYAN_LISTEN_SOCKET_INVALID', message, {
        hint: 'Gateways are started by Banyan, which passes the public socket: banyan up.',
        cause,
      })
    }
    const message = `${place.host}:${place.port} cannot be listened on: ${why}.`
    throw new BanyanError('BANYAN_LISTEN_FAILED', message, {
      hint: `Stop what listens there (ss -ltnp 'sport = :${place.port}' names it).`,
      cause,
    })
  }
}
