import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { copyCluster, createCluster, startServer, writeRole } from '@banyan/control/postgres'
import { ensureReplicator } from '@banyan/postgres'
import type { MemberPlace, Role } from '../../packages/control/src/shard/member.ts'
import { connect, describeServer, root, run, type Server } from './postgres-node.ts'

/** What the tests of replication share: servers in folders of their own, made and started by the engine. */

export const replicatorPassword = 'of the replicator'

export type Node = Server & { readonly name: string }

/** A node that does not exist yet. */
export async function describeNode(name: string, folder: string): Promise<Node> {
  const server = await describeServer(join(folder, name))
  const nodeDirectory = join(folder, name, name)
  return { ...server, name, nodeDirectory, adminPassword: 'of the admin' }
}

export const placeOf = ({ name, address, port }: Node): MemberPlace => ({
  name,
  host: address,
  port,
})

export const sourceOf = (node: Node) => ({
  place: placeOf(node),
  nodeDirectory: node.nodeDirectory,
  adminPassword: node.adminPassword,
})

let template: Promise<string> | null = null

/** A cluster that never runs: to copy its files takes a tenth of what it takes to make one. */
async function makeTemplate(): Promise<string> {
  const node = await describeNode('template', root)
  await createCluster(node)
  return node.nodeDirectory
}

/** A primary that runs, with the role that replicas connect as. */
export async function startPrimary(folder: string, name = 'db-1'): Promise<Node> {
  const node = await describeNode(name, folder)
  template ??= makeTemplate()
  await mkdir(dirname(node.nodeDirectory), { recursive: true })
  await run('cp', ['-a', await template, node.nodeDirectory])
  await startAs(node, { kind: 'primary', confirming: { kind: 'nobody' } })
  const admin = await connect(node)
  await ensureReplicator(admin, replicatorPassword)
  await admin.end()
  return node
}

export async function startAs(node: Node, role: Role): Promise<void> {
  await writeRole(node.nodeDirectory, role, { replicatorPassword })
  await startServer(node)
}

/** A copy of a running primary; it does not run yet. */
export async function copyOf(primary: Node, folder: string, name: string): Promise<Node> {
  const node = await describeNode(name, folder)
  await copyCluster({ ...node, from: sourceOf(primary) })
  return node
}

/** A replica that runs. */
export async function startReplica(primary: Node, folder: string, name: string): Promise<Node> {
  const node = await copyOf(primary, folder, name)
  await startAs(node, { kind: 'replica', of: placeOf(primary) })
  return node
}
