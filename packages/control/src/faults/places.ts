import { type Node, tcpPorts } from '@banyan/model'
import { addressOf, type Context } from '../climb/context.ts'
import { type Listening, unavailable } from '../sites/cut.ts'

/** Where a node is reached: at its own port, and at the public ones where it is the only one that accepts there. */
export function placesOf(context: Context, node: Node): Listening[] {
  const { topology } = context
  if (node.adopted) throw unavailable(`${node.name} is run by somebody else, and stays as it is`)
  const host = topology.hosts.find(({ name }) => name === node.host)
  if (host !== undefined && host.site !== 'local') {
    throw unavailable(`${node.name} is on ${host.name}, which is not this machine`)
  }
  const own = node.port === 0 ? [] : [{ address: addressOf(topology, node.host), port: node.port }]
  const places = [...own, ...publicPlaces(context, node)]
  if (places.length === 0)
    throw unavailable(`${node.name} listens nowhere, so that nobody reaches it`)
  return places
}

/** The public socket has one address for all who accept from it, so that one of several cannot be cut off there. */
function publicPlaces({ topology, settings, system }: Context, node: Node): Listening[] {
  if (node.entry !== true) return []
  if (topology.nodes.filter(({ entry }) => entry).length > 1) {
    throw unavailable(
      `${node.name} accepts from the public socket beside others, and a cut would hit all of them`,
    )
  }
  const ports = [settings.port, ...(settings.tcp ?? tcpPorts(system))]
  return ports.map((port) => ({ address: null, port }))
}
