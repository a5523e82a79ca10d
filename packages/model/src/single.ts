import { databaseNode } from './database-node.ts'
import { parseDatabaseUrl } from './database-url.ts'
import type { Ground } from './ground.ts'
import { balancerNode, hostAt, serviceNode } from './place-node.ts'
import { publicServices } from './public-services.ts'
import type { Host, Node, Topology } from './topology.ts'

/**
 * One host, one database server when the system has data, one node of each service. What accepts from
 * the public socket is the one web process itself; several of them, or one that takes no passed socket
 * or speaks another protocol than HTTP, stand behind a gateway.
 */
export const applySingle = (topology: Topology, ground: Ground): Topology => {
  const host = hostAt(ground, 0)
  const [entry = null, ...more] = publicServices(ground.system)
  const isAlone = entry !== null && more.length === 0 && entry.tcp === undefined
  const isEntry = isAlone && !ground.plain.includes(entry.name)
  const services = ground.system.services.map((service) => {
    const node = serviceNode(service, 1, host, ground)
    return isEntry && service === entry ? { ...node, entry: true as const } : node
  })
  const nodes = entry === null || isEntry ? services : [...services, balancerNode(ground)]
  const { data } = ground.system
  if (data === null) return { ...topology, hosts: [host], nodes }
  if (data.url === null) {
    return { ...topology, hosts: [host], nodes: [databaseNode(1, host, ground), ...nodes] }
  }
  const adopted = adoptedNode(data.url)
  return { ...topology, hosts: [adopted.host, host], nodes: [adopted.node, ...nodes] }
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
