import type { GatewayStatus, Node, ServeStatus } from '@banyan/model'
import { addressOf, type Context } from '../../climb/context.ts'
import { askGateway, send } from '../../engines/gateway/client.ts'
import type { Look, Looks } from './tape.ts'

/** Where it is known what each node answered. */
export type AnswerSource = {
  /** What is known now; a node that nobody knows of is not in it. */
  look(nodes: readonly Node[]): Promise<ReadonlyMap<string, Looks>>
  /** Has nodes that are the entry themselves give up a part of their connections, which others may get. */
  letGo(nodes: readonly Node[], share: number): Promise<void>
  close(): Promise<void>
}

/** Asks the processes that are the entry themselves, and about all others the balancers before them. */
export async function openAnswerSource(context: Context): Promise<AnswerSource> {
  return {
    look: async (nodes) => {
      const statuses = await askBalancers(context)
      const found = nodes.map(async (node): Promise<[string, Looks]> => {
        if (!node.entry) return [node.name, looksIn(statuses, node)]
        const look = await askItself(context, node)
        return [node.name, new Map(look === null ? [] : [[node.name, look]])]
      })
      return new Map(await Promise.all(found))
    },
    letGo: async (nodes, share) => {
      const entries = nodes.filter(({ entry }) => entry)
      await Promise.all(
        entries.map((node) => send(placeOf(context, node), 'PUT', '/-/control', { letGo: share })),
      )
    },
    close: async () => {},
  }
}

async function askItself(context: Context, node: Node): Promise<Look | null> {
  const status = (await send(placeOf(context, node), 'GET', '/-/control')) as ServeStatus | null
  if (status?.answers === undefined) return null
  return { answers: status.answers, inFlight: status.inFlight }
}

async function askBalancers(context: Context): Promise<ReadonlyMap<string, GatewayStatus>> {
  const balancers = context.topology.nodes.filter(({ tier, service }) => {
    return tier === 'entry' && service === undefined
  })
  const asked = balancers.map(async (node) => {
    const status = await askGateway(placeOf(context, node))
    return status === null ? [] : [[node.name, status] as const]
  })
  return new Map((await Promise.all(asked)).flat())
}

function looksIn(statuses: ReadonlyMap<string, GatewayStatus>, { name }: Node): Looks {
  const looks = new Map<string, Look>()
  for (const [balancer, { backends }] of statuses) {
    const backend = backends.find(({ node }) => node === name)
    if (backend?.answers === undefined) continue
    looks.set(balancer, { answers: backend.answers, inFlight: backend.inFlight })
  }
  return looks
}

function placeOf({ topology, secrets }: Context, { host, port }: Node) {
  return { host: addressOf(topology, host), port, token: secrets.controlToken }
}
