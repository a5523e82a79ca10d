import { readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
  await removeFolder(directory)
}

/** A node directory may be where a disk of its own is mounted: that stays, and is empty. */
async function removeFolder(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  await Promise.all(
    names.map((name) => rm(join(directory, name), { recursive: true, force: true })),
  )
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EBUSY' && error.code !== 'ENOENT') throw error
  })
}
