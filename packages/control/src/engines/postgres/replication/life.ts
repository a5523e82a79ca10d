import type { Life } from '../../../shard/member.ts'
import { isStopped } from '../../../sites/freeze.ts'
import { findServer } from '../find-server.ts'
import { dataDirectoryOf } from '../placement.ts'
import { processesIn } from '../processes.ts'

/**
 * Whether a server lives, by its processes alone. One whose postmaster stands still lets nobody in, and
 * counts as frozen with all its backends. Orphans of a dead postmaster run: they answer, and write.
 *
 * @example await lookAt('/srv/notes/.banyan/nodes/db-2') // 'running'
 */
export async function lookAt(nodeDirectory: string): Promise<Life> {
  const server = await findServer(nodeDirectory)
  if (server !== null) return isStopped(server.pid) ? 'frozen' : 'running'
  const orphans = await processesIn(await dataDirectoryOf(nodeDirectory))
  if (orphans.length === 0) return 'dead'
  return orphans.every(isStopped) ? 'frozen' : 'running'
}
