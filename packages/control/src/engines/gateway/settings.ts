import {
  type Backend,
  defaultBalancer,
  defaultWeight,
  type GatewayFile,
  type GatewayPort,
  gatewayRoutes,
  type Node,
  publicServices,
  type Service,
  type System,
  type Topology,
  weightMax,
} from '@banyan/model'

/** Everything that a gateway is told follows from these. */
export type GatewayFacts = {
  readonly system: System
  readonly topology: Topology
  readonly admitted: readonly string[]
  /** Of the admitted ones, those that are to finish. */
  readonly draining: readonly string[]
  /** Of the admitted ones, those that get only so much of the requests of their service, in percent. */
  readonly shares: Readonly<Record<string, number>>
  /** The service of a node as its own release has it; null where that is not known. */
  readonly serviceOf?: (node: Node) => Service | null
  readonly version: number
  readonly token: string
  /** The public ports that are bound besides that of HTTP, in the order in which they are passed. */
  readonly tcp?: readonly number[]
}

/** Clients may count on an idle connection for so long, and a drain cuts none before. */
const idleMs = 6_000

/** A gateway stops within the time that the slowest service is granted. */
export function drainTimeoutMs({ services }: System): number {
  const asked = publicServices({ services })
  return Math.max(idleMs + 500, ...asked.map(({ stopTimeoutMs }) => stopTimeoutMs))
}

/** What a gateway is told, whole. */
export function gatewayFile(facts: GatewayFacts, node: Node): GatewayFile {
  const { system, topology, version, token, tcp = [] } = facts
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
    ...whileShared(facts, node),
    routes: gatewayRoutes(system),
    ...(tcp.length > 0 && { tcp: portsOf(system, tcp) }),
    backends: backendsOf(facts),
  }
}

/**
 * By the fewest connections a node that has none yet would get every request for as long as the others
 * have WebSockets, however small its share. Of HAProxy it would take a reload, which ends WebSockets.
 */
const whileShared = ({ shares }: GatewayFacts, { engine }: Node): Pick<GatewayFile, 'balance'> =>
  engine === 'gateway' && Object.keys(shares).length > 0 ? { balance: 'round-robin' } : {}

/** That of HTTP is the first that is passed. */
const httpFd = 3

/** Also those that no service has now: an older release had them, and a later one may. */
function portsOf({ services }: System, bound: readonly number[]): GatewayPort[] {
  return bound.map((port, index) => ({
    port,
    fd: httpFd + 1 + index,
    service: services.find(({ tcp }) => tcp === port)?.name ?? null,
  }))
}

function backendsOf(facts: GatewayFacts): Backend[] {
  const { system, topology, admitted, draining } = facts
  return topology.nodes.flatMap((node) => {
    const service = system.services.find(({ name }) => name === node.service)
    // What is the entry itself has its own way to its clients.
    if (service === undefined || node.entry || !admitted.includes(node.name)) return []
    const { name, port } = node
    const state = draining.includes(name) ? 'drain' : 'ready'
    // While two releases answer, each is asked at its own path: the other's need not be there.
    const { health, tcp } = facts.serviceOf?.(node) ?? service
    const place = { host: addressOf(topology, node), port }
    const kind = tcp === undefined ? {} : { tcp: true as const }
    const weight = weightOf(facts, node)
    const share = weight === defaultWeight ? {} : { weight }
    return [{ node: name, service: service.name, ...place, health, state, ...share, ...kind }]
  })
}

/** Weights that give a node its share beside the others of its service, in whole numbers up to the greatest. */
function weightOf({ topology, admitted, draining, shares }: GatewayFacts, node: Node): number {
  const beside = topology.nodes.filter(
    ({ name, service }) =>
      service === node.service && admitted.includes(name) && !draining.includes(name),
  )
  const [limited] = beside.filter(({ name }) => shares[name] !== undefined)
  const share = limited === undefined ? 0 : (shares[limited.name] ?? 0) / 100
  const others = beside.length - 1
  if (limited === undefined || others < 1 || share <= 0 || share >= 1) return defaultWeight
  const wanted = (share / (1 - share)) * others * defaultWeight
  const scale = Math.min(1, weightMax / wanted)
  return Math.max(1, Math.round(scale * (node === limited ? wanted : defaultWeight)))
}

function addressOf({ hosts }: Topology, { host }: Node): string {
  return hosts.find(({ name }) => name === host)?.address ?? '127.0.0.1'
}
