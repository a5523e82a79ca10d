import { emptyCounts, isBalancer, type Node, type ServeStatus } from '@banyan/model'
import { addressOf, type Context } from '../../climb/context.ts'
import { balancerOf } from '../../engines/balancer.ts'
import { bodyOf, exchange, send } from '../../engines/gateway/client.ts'
import { haproxySettings } from '../../engines/haproxy/local.ts'
import { gatewayFileOf } from '../../entry/gateways.ts'
import { HaproxyLines } from './haproxy-lines.ts'
import type { Look, Looks } from './tape.ts'

/** Where it is known what each node answered. */
export type AnswerSource = {
  /** What is known now; a node that nobody knows of is not in it. */
  look(nodes: readonly Node[]): Promise<ReadonlyMap<string, Looks>>
  /** Has nodes that are the entry themselves give up a part of their connections, which others may get. */
  letGo(nodes: readonly Node[], share: number): Promise<void>
  close(): Promise<void>
}

/** What one balancer knows of the nodes behind it. */
type Known = ReadonlyMap<string, Look>

/** Asks the processes that are the entry themselves, and about all others the balancers before them. */
export function openAnswerSource(context: Context): AnswerSource {
  const lines = new Map<string, HaproxyLines>()

  async function ask({ name, engine }: Node): Promise<Known | null> {
    const file = gatewayFileOf(context, name)
    if (engine !== 'haproxy') {
      const status = await balancerOf(context.paths, engine).ask(file)
      return status && new Map(status.backends.flatMap((one) => lookOf(one.node, one)))
    }
    const known = lines.get(name)
    const own = known ?? new HaproxyLines(haproxySettings(context.paths, file).places.runtime)
    lines.set(name, own)
    return await own.look()
  }

  async function askBalancers(): Promise<ReadonlyMap<string, Known>> {
    const asked = context.topology.nodes.filter(isBalancer).map(async (node) => {
      const known = await ask(node)
      return known === null ? [] : [[node.name, known] as const]
    })
    return new Map((await Promise.all(asked)).flat())
  }

  return {
    look: async (nodes) => {
      const balancers = await askBalancers()
      const found = nodes.map(async (node): Promise<[string, Looks]> => {
        const looks = node.entry ? await askItself(context, node) : looksIn(balancers, node)
        return [node.name, looks]
      })
      return new Map(await Promise.all(found))
    },
    letGo: async (nodes, share) => {
      const entries = nodes.filter(({ entry }) => entry)
      const body = { letGo: share }
      await Promise.all(
        entries.map((node) => send(placeOf(context, node), 'PUT', '/-/control', body)),
      )
    },
    close: async () => {
      await Promise.all([...lines.values()].map((one) => one.close()))
    },
  }
}

/**
 * A process that is the entry itself counts where it serves with `serve`. Any other one answers as it answers
 * whatever it does not know: that is nothing to wait for, while silence is.
 */
async function askItself(context: Context, node: Node): Promise<Looks> {
  const answer = await exchange(placeOf(context, node), 'GET', '/-/control')
  if (answer === null) return new Map()
  const status = bodyOf(answer) as Partial<ServeStatus> | null
  const { answers = emptyCounts(), inFlight = 0 } = status ?? {}
  return new Map([[node.name, { answers, inFlight }]])
}

/** None where an older process does not count. */
function lookOf(
  name: string,
  { answers, inFlight }: Pick<ServeStatus, 'answers' | 'inFlight'>,
): [string, Look][] {
  return answers === undefined ? [] : [[name, { answers, inFlight }]]
}

function looksIn(balancers: ReadonlyMap<string, Known>, { name }: Node): Looks {
  const looks = new Map<string, Look>()
  for (const [balancer, known] of balancers) {
    const look = known.get(name)
    if (look !== undefined) looks.set(balancer, look)
  }
  return looks
}

function placeOf({ topology, secrets }: Context, { host, port }: Node) {
  return { host: addressOf(topology, host), port, token: secrets.controlToken }
}
