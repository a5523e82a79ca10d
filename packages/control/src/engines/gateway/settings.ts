import {
  type Backend,
  defaultBalancer,
  type GatewayFile,
  gatewayRoutes,
  type Node,
  type System,
  type Topology,
} from '@banyan/model'

/** Everything that a gateway is told follows from these. */
export type GatewayFacts = {
  readonly system: System
  readonly topology: Topology
  readonly admitted: readonly string[]
  /** Of the admitted ones, those that are to finish. */
  readonly draining: readonly string[]
  readonly version: number
  readonly token: string
}

/** Clients may count on an idle connection for so long, and a drain cuts none before. */
const idleMs = 6_000

/** A gateway stops within the time that the slowest service is granted. */
export function drainTimeoutMs({ services }: System): number {
  const routed = services.filter(({ routes }) => routes.length > 0)
  return Math.max(idleMs + 500, ...routed.map(({ stopTimeoutMs }) => stopTimeoutMs))
}

/** What a gateway is told, whole. */
export function gatewayFile(facts: GatewayFacts, node: Node): GatewayFile {
  const { system, topology, version, token } = facts
  return {
    format: 1,
    version,
    node: node.name,
    listen: { host: addressOf(topology, node), port: node.port },
    token,
    drainTimeoutMs: drainTimeoutMs(system),
    trustedProxies: [],
    // A system that was recorded by an earlier version says nothing of it.
    ...defaultBalancer,
    ...system.balancer,
    routes: gatewayRoutes(system),
    backends: backendsOf(facts),
  }
}

function backendsOf({ system, topology, admitted, draining }: GatewayFacts): Backend[] {
  return topology.nodes.flatMap((node) => {
    const service = system.services.find(({ name }) => name === node.service)
    // What is the entry itself has its own way to its clients.
    if (service === undefined || node.entry || !admitted.includes(node.name)) return []
    const { name, port } = node
    const state = draining.includes(name) ? 'drain' : 'ready'
    const { health } = service
    return [
      { node: name, service: service.name, host: addressOf(topology, node), port, health, state },
    ]
  })
}

function addressOf({ hosts }: Topology, { host }: Node): string {
  return hosts.find(({ name }) => name === host)?.address ?? '127.0.0.1'
}
