import { createServer, type Server as NetServer, type Socket } from 'node:net'
import type { GatewayPort } from '@banyan/model'
import type { GatewayLimits } from '../limits.ts'
import type { Balancer } from '../upstream/balancer.ts'
import type { Server } from '../upstream/server.ts'
import { Passage } from './passage.ts'

export type PortsContext = {
  readonly limits: GatewayLimits
  readonly balancer: Balancer
  onTrouble(port: number, server: Server, reason: string): void
}

/** The public ports besides that of HTTP: whoever connects is passed on to the service of the port. */
export class Ports {
  /** One for each port, in the order of the file, which a gateway begins with. */
  readonly listeners: readonly NetServer[]
  readonly #context: PortsContext
  readonly #open = new Set<Passage>()
  #services: ReadonlyMap<number, string | null> = new Map()

  constructor(ports: readonly GatewayPort[], context: PortsContext) {
    this.#context = context
    this.listeners = ports.map(({ port }) =>
      createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) =>
        this.#take(port, client),
      ),
    )
  }

  /** The connections that are open, or wait for a server. */
  get size(): number {
    return this.#open.size
  }

  /** Says anew which service each port belongs to; connections that are open stay where they are. */
  route(ports: readonly GatewayPort[]): void {
    this.#services = new Map(ports.map(({ port, service }) => [port, service]))
  }

  stopAccepting(): void {
    for (const listener of this.listeners) listener.close()
  }

  /** Ends every connection at once, and gives how many there were. */
  cut(): number {
    const { size } = this.#open
    for (const passage of this.#open) passage.cut()
    return size
  }

  #take(port: number, client: Socket): void {
    const service = this.#services.get(port) ?? null
    if (service === null) {
      client.on('error', () => {})
      client.destroy()
      return
    }
    const { limits, balancer } = this.#context
    const passage = new Passage({
      client,
      service,
      balancer,
      limits,
      onEnd: () => this.#open.delete(passage),
      onTrouble: (server, reason) => this.#context.onTrouble(port, server, reason),
    })
    this.#open.add(passage)
    passage.begin()
  }
}
