import { databaseNode, obstaclesToHosts, obstaclesToMoving } from './database-node.ts'
import type { Ground } from './ground.ts'
import { hostAt } from './place-node.ts'
import type { Topology } from './topology.ts'

/** The second host is that of the second web processes. */
const hostIndex = 2

/** The one database server is on a host of its own, under a name of its own: it is a copy of the first. */
export const applySplit = (topology: Topology, ground: Ground): Topology => {
  const host = hostAt(ground, hostIndex)
  const nodes = topology.nodes.map((node) =>
    node.name === 'db-1' ? databaseNode(2, host, ground) : node,
  )
  return { ...topology, hosts: [...topology.hosts, host], nodes }
}

/** Why the database of a system cannot move on this ground. */
export const obstaclesToSplit = (ground: Ground): readonly string[] => [
  ...obstaclesToMoving(ground),
  ...obstaclesToHosts(ground, hostIndex + 1),
]
