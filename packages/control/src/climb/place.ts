import { joinPlace, type Node } from '@banyan/model'
import { reachableHost } from '../engines/process/readiness.ts'
import { addressOf, type Context } from './context.ts'

type Placed = Pick<Context, 'topology' | 'settings'>

/** Where a node listens, or null where it listens nowhere. */
export function placeOf({ topology, settings }: Placed, node: Node): string | null {
  if (node.port === 0) return null
  return joinPlace(node.tier === 'web' ? settings.host : addressOf(topology, node.host), node.port)
}

/** Where people find the system, or null when no service has routes. */
export function urlOf({ topology, settings }: Placed): string | null {
  const entry = topology.nodes.find(({ tier, port }) => tier === 'web' && port !== 0)
  if (entry === undefined) return null
  return `http://${joinPlace(reachableHost(settings.host), entry.port)}`
}
