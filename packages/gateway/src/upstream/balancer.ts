import type { Backend, Balance, GatewayFile } from '@banyan/model'
import type { GatewayLimits } from '../limits.ts'
import { choose } from './choose.ts'
import { Server } from './server.ts'

/** What a request hears that waits for a server: one, or null when there is none in time. */
export type Waiter = (server: Server | null) => void

type Waiting = {
  readonly service: string
  readonly until: number
  readonly tell: Waiter
}

export type BalancerEvents = { onHealth(server: Server): void }

/** Chooses a server for each request among the healthy ones of its service. */
export class Balancer {
  readonly #limits: GatewayLimits
  readonly #events: BalancerEvents
  readonly #servers = new Map<string, Server>()
  readonly #services = new Map<string, Server[]>()
  readonly #retired = new Set<Server>()
  #waiting: Waiting[] = []
  #balance: Balance = 'round-robin'
  #sticky = false
  #sweeper: NodeJS.Timeout

  constructor(limits: GatewayLimits, events: BalancerEvents) {
    this.#limits = limits
    this.#events = events
    const every = Math.max(
      10,
      Math.min(limits.answerTimeoutMs, limits.connectTimeoutMs, limits.waitMs, 1_000) / 4,
    )
    this.#sweeper = setInterval(() => this.#sweep(), every)
    this.#sweeper.unref()
  }

  get servers(): readonly Server[] {
    return [...this.#servers.values()]
  }

  /** Takes the whole list; a server that stays keeps its connections and what is known of it. */
  apply(file: GatewayFile): void {
    const { backends, drainTimeoutMs, slowStartMs = 0 } = file
    this.#balance = file.balance ?? 'round-robin'
    this.#sticky = file.sticky ?? false
    const before = new Map(this.#servers)
    this.#servers.clear()
    this.#services.clear()
    for (const backend of backends) {
      const key = keyOf(backend)
      const known = before.get(key)
      before.delete(key)
      const server = known ?? this.#make(backend)
      server.slowStartMs = slowStartMs
      this.#servers.set(key, server)
      this.#serviceOf(backend.service).push(server)
      // The very first state counts as a change too: a gateway may start with a server that drains.
      if (known !== undefined || backend.state === 'drain') server.update(backend, drainTimeoutMs)
    }
    for (const server of before.values()) {
      this.#retired.add(server)
      server.retire(drainTimeoutMs)
    }
    this.#serveWaiting()
  }

  /** Whether clients stay with the server that answered them. */
  get sticky(): boolean {
    return this.#sticky
  }

  /** The next server of a service, past those that were tried; null when there is none now. */
  pick(service: string, tried: ReadonlySet<Server> | null): Server | null {
    const servers = this.#services.get(service)
    if (servers === undefined) return null
    return choose(servers, this.#balance, tried, performance.now())
  }

  /** The server of a name, where it may be sent a request and was not tried. */
  named(service: string, node: string, tried: ReadonlySet<Server> | null): Server | null {
    const servers = this.#services.get(service) ?? []
    const found = servers.find(({ backend, usable }) => usable && backend.node === node)
    return found === undefined || tried?.has(found) === true ? null : found
  }

  /** Whether there is another one now, past those that were tried. */
  has(service: string, tried: ReadonlySet<Server> | null): boolean {
    const now = performance.now()
    const servers = this.#services.get(service) ?? []
    return servers.some(
      (server) => server.usable && server.weightAt(now) > 0 && tried?.has(server) !== true,
    )
  }

  /** Waits for a server of a service; any that becomes usable will do, also one that was tried. */
  wait(service: string, tell: Waiter): { cancel(): void } {
    if (this.#waiting.length >= this.#limits.waitingMax) {
      queueMicrotask(() => tell(null))
      return { cancel: () => {} }
    }
    const waiting = { service, until: performance.now() + this.#limits.waitMs, tell }
    this.#waiting.push(waiting)
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting)
      },
    }
  }

  /** At the drain timeout: every WebSocket is told to go. */
  goAway(): void {
    for (const server of this.#everyone()) for (const tunnel of server.tunnels) tunnel.goAway()
  }

  get tunnels(): number {
    return this.#everyone().reduce((sum, { tunnels }) => sum + tunnels.size, 0)
  }

  destroy(): void {
    clearInterval(this.#sweeper)
    for (const { tell } of this.#waiting.splice(0)) tell(null)
    for (const server of this.#everyone()) server.destroy()
  }

  #everyone(): Server[] {
    return [...this.#servers.values(), ...this.#retired]
  }

  #make(backend: Backend): Server {
    return new Server(backend, this.#limits, {
      onUsable: () => this.#serveWaiting(),
      onHealth: (server) => this.#events.onHealth(server),
    })
  }

  #serviceOf(service: string): Server[] {
    const known = this.#services.get(service)
    if (known !== undefined) return known
    const servers: Server[] = []
    this.#services.set(service, servers)
    return servers
  }

  #serveWaiting(): void {
    if (this.#waiting.length === 0) return
    const still: Waiting[] = []
    const now = this.#waiting
    this.#waiting = []
    for (const waiting of now) {
      const server = this.pick(waiting.service, null)
      if (server === null) still.push(waiting)
      else waiting.tell(server)
    }
    this.#waiting = [...still, ...this.#waiting]
  }

  #sweep(): void {
    const now = performance.now()
    for (const server of this.#everyone()) server.sweep(now)
    for (const server of this.#retired) {
      if (server.inFlight === 0 && server.tunnels.size === 0) this.#retired.delete(server)
    }
    const late = this.#waiting.filter(({ until }) => until <= now)
    if (late.length === 0) return
    this.#waiting = this.#waiting.filter(({ until }) => until > now)
    for (const { tell } of late) tell(null)
  }
}

/** Another process under the same name is another server. */
const keyOf = ({ node, service, host, port }: Backend): string =>
  JSON.stringify([node, service, host, port])
