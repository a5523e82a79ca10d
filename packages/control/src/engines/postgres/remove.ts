import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { removeLeftovers } from './init.ts'
import { locateNode, removeDistant } from './placement.ts'
import { stopServer } from './stop.ts'

/**
 * Deletes a node's data for good, wherever it is, and its node directory. A server that runs is
 * stopped first.
 *
 * @example
 * await removeCluster('/srv/notes/.banyan/nodes/postgres-1')
 */
export async function removeCluster(nodeDirectory: string): Promise<void> {
  await stopServer({ nodeDirectory, mode: 'immediate', timeoutMs: 5_000 })
  const { directory, dataDirectory } = await locateNode(nodeDirectory)
  await removeLeftovers(dataDirectory)
  await rm(dataDirectory, { recursive: true, force: true })
  if (dirname(dataDirectory) !== directory) await removeDistant(dataDirectory)
  await rm(directory, { recursive: true, force: true })
}
