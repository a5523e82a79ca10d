import type { EntryRequests, Node, ServeStatus } from '@banyan/model'
import type { Context } from '../climb/context.ts'
import { addressOf } from '../climb/context.ts'
import { askGateway, send } from '../engines/gateway/client.ts'

const lookEveryMs = 200

/** What the entry answered while a climb went on. */
export type Meter = { stop(): Promise<EntryRequests> }

/** A process counts from its start, so that each is told apart by its own. */
type Seen = { first: EntryRequests; last: EntryRequests }

/**
 * Counts requests by asking each node that accepts from the public socket, again and again: one that
 * stops in the middle takes with it only what it answered since it was asked last.
 */
export function startMeter(context: Context): Meter {
  const seen = new Map<string, Seen>()
  let isBeginning = true
  let looking: Promise<void> = look()
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, lookEveryMs)

  async function look(): Promise<void> {
    const entries = context.topology.nodes.filter(({ entry }) => entry)
    await Promise.all(
      entries.map(async (node) => {
        const pid = context.keepers.get(node.name)?.presence?.identity?.pid
        const requests = pid === undefined ? null : await ask(context, node)
        if (requests !== null) note(`${node.name} ${pid}`, requests)
      }),
    )
    isBeginning = false
  }

  /** What a process had answered before the climb does not count; one that came later began at nothing. */
  function note(process: string, requests: EntryRequests): void {
    const known = seen.get(process)
    const nothing = { sent: 0, failed: 0 }
    if (known === undefined) {
      seen.set(process, { first: isBeginning ? requests : nothing, last: requests })
    } else known.last = requests
  }

  return {
    stop: async () => {
      clearInterval(timer)
      await looking
      await look()
      return sum([...seen.values()])
    },
  }
}

function sum(all: readonly Seen[]): EntryRequests {
  return {
    sent: all.reduce((total, { first, last }) => total + last.sent - first.sent, 0),
    failed: all.reduce((total, { first, last }) => total + last.failed - first.failed, 0),
  }
}

async function ask(context: Context, node: Node): Promise<EntryRequests | null> {
  const host = addressOf(context.topology, node.host)
  const place = { host, port: node.port, token: context.secrets.controlToken }
  if (node.engine === 'gateway') return (await askGateway(place))?.requests ?? null
  const status = (await send(place, 'GET', '/-/control')) as ServeStatus | null
  return status?.requests ?? null
}
