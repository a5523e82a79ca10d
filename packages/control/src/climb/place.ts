import { joinPlace, type Node, type System } from '@banyan/model'
import { reachableHost } from '../engines/process/readiness.ts'
import { addressOf, type Context } from './context.ts'

type Placed = Pick<Context, 'topology' | 'settings'>

/** Where a node listens for us and for other nodes, or null where it listens nowhere. */
export function placeOf({ topology }: Pick<Placed, 'topology'>, node: Node): string | null {
  if (node.port === 0) return null
  return joinPlace(addressOf(topology, node.host), node.port)
}

/** Where people find the system, or null when no service is public. */
export function urlOf({ topology, settings }: Placed): string | null {
  if (!topology.nodes.some(({ entry }) => entry)) return null
  return `http://${joinPlace(reachableHost(settings.host), settings.port)}`
}

/** Where people find the services with a port of their own; only what is bound is found there. */
export function portsOf(
  { settings }: Pick<Placed, 'settings'>,
  { services }: Pick<System, 'services'>,
): { service: string; address: string }[] {
  const { host, tcp: bound = [] } = settings
  return services.flatMap(({ name, tcp }) =>
    tcp === undefined || !bound.includes(tcp)
      ? []
      : [{ service: name, address: joinPlace(reachableHost(host), tcp) }],
  )
}
