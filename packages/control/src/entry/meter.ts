import { join } from 'node:path'
import {
  type EntryRequests,
  isBalancer,
  type LastWords,
  type Node,
  type ServeStatus,
} from '@banyan/model'
import type { Context } from '../climb/context.ts'
import { addressOf } from '../climb/context.ts'
import { type BalancerStatus, balancerOf } from '../engines/balancer.ts'
import { send } from '../engines/gateway/client.ts'
import { readJson } from '../state/files.ts'
import { nodeDirectory } from '../state/paths.ts'
import { gatewayFileOf } from './gateways.ts'

const lookEveryMs = 200

/** What the entry answered while a climb went on. */
export type Meter = { stop(): Promise<EntryRequests> }

/** A process counts from its start, so that each is told apart by its own. */
type Seen = {
  readonly node: string
  readonly pid: number
  readonly first: EntryRequests
  last: EntryRequests
  isHeard: boolean
}

/**
 * Counts requests by asking each node that accepts from the public socket, again and again, and by
 * reading the last words of one that stopped. One that is killed takes with it what it answered since
 * it was asked last.
 */
export function startMeter(context: Context): Meter {
  const seen = new Map<string, Seen>()
  let isBeginning = true
  let isLooking = false
  let looking: Promise<void> = look()
  const timer = setInterval(() => {
    // One that answers late is not asked more often than it answers: the climb's end would wait for it.
    if (!isLooking) looking = look()
  }, lookEveryMs)

  async function look(): Promise<void> {
    isLooking = true
    await lookAtAll().finally(() => {
      isLooking = false
    })
  }

  async function lookAtAll(): Promise<void> {
    const entries = context.topology.nodes.filter(({ entry }) => entry)
    await Promise.all(
      entries.map(async (node) => {
        const pid = context.keepers.get(node.name)?.presence?.identity?.pid
        const said = pid === undefined ? null : await ask(context, node)
        if (pid !== undefined && said !== null) note(node.name, pid, said)
      }),
    )
    isBeginning = false
    for (const process of seen.values()) await hear(process)
  }

  /** One that has ended in order wrote down what it had answered; one that was killed did not. */
  async function hear(process: Seen): Promise<void> {
    if (
      process.isHeard ||
      context.keepers.get(process.node)?.presence?.identity?.pid === process.pid
    )
      return
    const path = join(nodeDirectory(context.paths, process.node), 'last-words.json')
    const words = await readJson<LastWords>(path).catch(() => null)
    process.isHeard = true
    if (words?.pid === process.pid) process.last = words.requests
  }

  /** What a process had answered before the climb does not count; one that came later began at nothing. */
  function note(node: string, pid: number, { requests, pid: counter = pid }: Said): void {
    const known = seen.get(`${node} ${counter}`)
    const first = isBeginning ? requests : { sent: 0, failed: 0 }
    if (known !== undefined) known.last = requests
    else seen.set(`${node} ${counter}`, { node, pid, first, last: requests, isHeard: false })
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

type Said = Pick<BalancerStatus, 'requests' | 'pid'>

async function ask(context: Context, node: Node): Promise<Said | null> {
  const { topology, paths, secrets } = context
  if (isBalancer(node)) {
    return await balancerOf(paths, node.engine).ask(gatewayFileOf(context, node.name))
  }
  const host = addressOf(topology, node.host)
  const place = { host, port: node.port, token: secrets.controlToken }
  return (await send(place, 'GET', '/-/control')) as ServeStatus | null
}
