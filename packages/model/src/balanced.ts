import type { Ground } from './ground.ts'
import { balancerNode, hostAt, serviceNode } from './place-node.ts'
import { publicServices } from './public-services.ts'
import type { Node, Topology } from './topology.ts'

/** A gateway in front, and a second process of each public service on a host of its own. Workers stay alone. */
export const applyBalanced = (topology: Topology, ground: Ground): Topology => {
  const host = hostAt(ground, 1)
  const seconds = publicServices(ground.system).map((service) =>
    serviceNode(service, 2, host, ground),
  )
  const others = topology.nodes.filter(({ tier }) => tier !== 'entry').map(withoutEntry)
  return {
    ...topology,
    hosts: [...topology.hosts, host],
    nodes: [...others, ...seconds, balancerNode(ground)],
  }
}

/** Nobody but the gateway accepts from the public socket. */
const withoutEntry = ({ entry: _entry, ...node }: Node): Node => node

/** Why a system cannot be balanced on this ground. */
export const obstaclesToBalanced = ({ system, hosts }: Ground): readonly string[] => {
  const reasons: string[] = []
  if (publicServices(system).length === 0) {
    reasons.push(
      'No service has routes or a port (`tcp`), so that there is nothing to put a gateway in front of.',
    )
  }
  if (hosts.length < 2) {
    reasons.push(`It takes 2 hosts, and there ${hosts.length === 1 ? 'is 1' : 'are none'}.`)
  }
  return reasons
}
