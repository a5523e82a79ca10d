import { readFile } from 'node:fs/promises'
import type { Life } from '../../../shard/member.ts'
import { isStopped } from '../../../sites/freeze.ts'
import { findServer } from '../find-server.ts'
import { dataDirectoryOf } from '../placement.ts'
import { processesIn } from '../processes.ts'

/**
 * Whether a server lives, by its processes alone. One whose postmaster stands still lets nobody in, and
 * counts as frozen with all its backends. Orphans of a dead postmaster answer, and write.
 *
 * @example await lookAt('/srv/notes/.banyan/nodes/db-2') // 'running'
 */
export async function lookAt(nodeDirectory: string): Promise<Life> {
  const server = await findServer(nodeDirectory)
  if (server !== null) return isStopped(server.pid) ? 'frozen' : 'running'
  const pids = await processesIn(await dataDirectoryOf(nodeDirectory))
  if (pids.length === 0) return 'dead'
  if (pids.every(isStopped)) return 'frozen'
  const begins = await Promise.all(pids.map(isPostmaster))
  return begins.includes(true) ? 'running' : 'orphaned'
}

/** One that begins has not written its number down yet; its words are those of its command still. */
async function isPostmaster(pid: number): Promise<boolean> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return words.split('\0').includes('-D')
}
