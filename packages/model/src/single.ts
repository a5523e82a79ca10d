import { parseDatabaseUrl } from './database-url.ts'
import type { Ground } from './ground.ts'
import type { Service } from './system.ts'
import type { Host, Node, Size, Topology } from './topology.ts'

/** Above this, a first database server gains little from memory that the web processes could use. */
const databaseMemoryMbMax = 4096

/** One host, one database server when the system has data, one node of each service. */
export const applySingle = (topology: Topology, ground: Ground): Topology => {
  const services = ground.system.services.map((service) => serviceNode(service, ground))
  const { data } = ground.system
  if (data === null) return { ...topology, hosts: [ground.host], nodes: services }
  if (data.url === null) {
    return { ...topology, hosts: [ground.host], nodes: [databaseNode(ground), ...services] }
  }
  const { host, node } = adoptedNode(data.url)
  return { ...topology, hosts: [host, ground.host], nodes: [node, ...services] }
}

/** A server that exists stands beside ours, on a host of its own: of that we know the address only. */
const adoptedNode = (url: string): { host: Host; node: Node } => {
  const { host: address, port } = parseDatabaseUrl(url)
  const host: Host = {
    name: 'adopted-1',
    site: 'adopted',
    region: 'unknown',
    zone: 'unknown',
    address,
  }
  const node: Node = {
    name: 'db-1',
    tier: 'data',
    engine: 'postgres',
    host: host.name,
    port,
    size: { cpus: 0, memoryMb: 0 },
    shard: 'shard-1',
    adopted: true,
  }
  return { host, node }
}

const databaseNode = ({ system, machine, host, ports }: Ground): Node => ({
  name: 'db-1',
  tier: 'data',
  engine: 'postgres',
  host: host.name,
  port: ports['db-1'] ?? 0,
  size: { cpus: machine.cpus, memoryMb: system.data?.memoryMb ?? databaseMemoryMb(machine) },
  shard: 'shard-1',
})

const databaseMemoryMb = ({ memoryMb }: Size): number =>
  Math.min(databaseMemoryMbMax, Math.floor(memoryMb / 4))

/** A service without routes is a worker. */
const serviceNode = (service: Service, { machine, host, ports }: Ground): Node => {
  const name = `${service.name}-1`
  return {
    name,
    tier: service.routes.length > 0 ? 'web' : 'worker',
    engine: 'process',
    host: host.name,
    port: ports[name] ?? 0,
    size: machine,
    service: service.name,
  }
}
