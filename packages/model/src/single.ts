import type { Ground } from './ground.ts'
import type { Service } from './system.ts'
import type { Node, Size, Topology } from './topology.ts'

/** Above this, a first database server gains little from memory that the web processes could use. */
const databaseMemoryMbMax = 4096

/** One host, one database server when the system has data, one node of each service. */
export const applySingle = (topology: Topology, ground: Ground): Topology => {
  const services = ground.system.services.map((service) => serviceNode(service, ground))
  const nodes = ground.system.data ? [databaseNode(ground), ...services] : services
  return { ...topology, hosts: [ground.host], nodes }
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
