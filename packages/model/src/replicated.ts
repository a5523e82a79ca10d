import { databaseNode, obstaclesToHosts, obstaclesToMoving } from './database-node.ts'
import type { Ground } from './ground.ts'
import { hostAt } from './place-node.ts'
import { defaultReplicas } from './resolve-replicas.ts'
import type { Topology } from './topology.ts'

/** The hosts before it are those of the web processes, and of the database that has one of its own. */
const firstHostIndex = 3

/** Copies of the database beside the one that is there, each on a host of its own: db-3, db-4, … */
export const applyReplicated = (topology: Topology, ground: Ground): Topology => {
  const hosts = Array.from({ length: replicasOf(ground) }, (_, index) =>
    hostAt(ground, firstHostIndex + index),
  )
  const replicas = hosts.map((host, index) => databaseNode(3 + index, host, ground))
  return {
    ...topology,
    hosts: [...topology.hosts, ...hosts],
    nodes: [...topology.nodes, ...replicas],
  }
}

/** Why the database of a system cannot have copies on this ground. */
export const obstaclesToReplicated = (ground: Ground): readonly string[] => [
  ...obstaclesToMoving(ground),
  ...obstaclesToHosts(ground, firstHostIndex + replicasOf(ground)),
]

const replicasOf = ({ system }: Ground): number => system.data?.replicas ?? defaultReplicas.replicas
