import type { Ground } from './ground.ts'
import { isPublic } from './public-services.ts'
import type { Service } from './system.ts'
import type { Host, Node } from './topology.ts'

/** The host of this number, from 0. Whether there are enough is asked before (`refusals`). */
export const hostAt = ({ hosts }: Ground, index: number): Host => {
  const host = hosts[index]
  if (!host)
    throw new RangeError(`there are ${hosts.length} hosts, and none of number ${index + 1}`)
  return host
}

/** One process of a service, behind whatever is in front of it. A service that nobody outside asks is a worker. */
export const serviceNode = (
  service: Service,
  number: number,
  host: Host,
  { machine, ports }: Ground,
): Node => {
  const name = `${service.name}-${number}`
  return {
    name,
    tier: isPublic(service) ? 'web' : 'worker',
    engine: 'process',
    host: host.name,
    port: ports[name] ?? 0,
    size: machine,
    service: service.name,
  }
}

/** The balancer is where the public address is: on the first host. */
export const balancerNode = (ground: Ground): Node => ({
  name: `${ground.balancer}-1`,
  tier: 'entry',
  engine: ground.balancer,
  host: hostAt(ground, 0).name,
  port: ground.ports[`${ground.balancer}-1`] ?? 0,
  size: ground.machine,
  entry: true,
})
