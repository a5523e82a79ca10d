import { dataDirectoryOf } from './placement.ts'
import { readPostmasterFile } from './postmaster-file.ts'
import { isProcessIn } from './processes.ts'

/**
 * The running server of a node, also one that another process started, or null. The number in
 * `postmaster.pid` alone proves nothing: after a crash it may be somebody else's by now.
 *
 * @example
 * const server = await findServer('/srv/notes/.banyan/nodes/postgres-1')
 * // { pid: 4711 }
 */
export async function findServer(nodeDirectory: string): Promise<{ pid: number } | null> {
  const dataDirectory = await dataDirectoryOf(nodeDirectory)
  const file = await readPostmasterFile(dataDirectory)
  if (file === null) return null
  return (await isProcessIn(file.pid, dataDirectory)) ? { pid: file.pid } : null
}
