import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  confirmCommits,
  followPrimary,
  promoteServer,
  removeCluster,
} from '@banyan/control/postgres'
import { processesIn } from '../../packages/control/src/engines/postgres/processes.ts'
import type { Confirming } from '../../packages/control/src/shard/member.ts'
import { thaw } from '../../packages/control/src/sites/freeze.ts'
import { connect, root } from './postgres-node.ts'
import { untilCaughtUp } from './replica-asking.ts'
import {
  type Node,
  placeOf,
  replicatorPassword,
  sourceOf,
  startPrimary,
  startReplica,
} from './replica-nodes.ts'

/** What the tests of roles share: three servers, and what is done to them. */

export const any = (...names: string[]): Confirming => ({ kind: 'any', quorum: 1, names })
export const nobody: Confirming = { kind: 'nobody' }

/** What all calls about a running member take. */
export const withKeys = (node: Node) => ({
  ...sourceOf(node),
  replicatorPassword,
  logFile: node.logFile,
})

export const confirm = (node: Node, confirming: Confirming) =>
  confirmCommits({ ...withKeys(node), confirming })

export const promote = (node: Node, confirming: Confirming, ...followers: Node[]) =>
  promoteServer({ ...withKeys(node), confirming, followers: followers.map(({ name }) => name) })

export const follow = (node: Node, primary: Node) =>
  followPrimary(node.nodeDirectory, placeOf(primary), { replicatorPassword })

export const processesOf = (node: Node) => () => processesIn(join(node.nodeDirectory, 'data'))

/** Whether a commit is acknowledged within the time; what waits is ended. */
export async function commits(node: Node, timeoutMs: number): Promise<boolean> {
  const client = await connect(node)
  try {
    const committed = client.query('insert into t default values').then(() => true)
    return await Promise.race([committed, sleep(timeoutMs, false)])
  } finally {
    void client.end().catch(() => {})
  }
}

/** Gives a primary and two replicas, and removes them whatever happens. */
export async function withThree(
  name: string,
  work: (a: Node, b: Node, c: Node) => Promise<void>,
): Promise<void> {
  const folder = join(root, name)
  const nodes: Node[] = []
  try {
    const a = await startPrimary(folder)
    nodes.push(a)
    const client = await connect(a)
    await client.query('create table t (id bigint generated always as identity)')
    await client.end()
    for (const other of ['db-2', 'db-3']) nodes.push(await startReplica(a, folder, other))
    const [, b, c] = nodes as [Node, Node, Node]
    for (const one of [b, c]) await untilCaughtUp(one, a)
    await work(a, b, c)
  } finally {
    for (const node of nodes) {
      await thaw(processesOf(node))
      await removeCluster(node.nodeDirectory)
    }
  }
}
