import { dirname } from 'node:path'
import { freeMbOf } from '../disk-space.ts'
import { dataDirectoryOf } from '../placement.ts'
import { readTree } from './copy-files.ts'
import { copyNeedsMb } from './copy-refusals.ts'

/**
 * What a copy of a running server takes now, and what the disk has where it would be made, in megabytes.
 *
 * @example const { neededMb, freeMb } = await copyRoom('/srv/notes/.banyan/nodes/db-1')
 */
export async function copyRoom(
  nodeDirectory: string,
): Promise<{ readonly neededMb: number; readonly freeMb: number }> {
  const directory = await dataDirectoryOf(nodeDirectory)
  const { bytes } = await readTree(directory)
  return { neededMb: copyNeedsMb(bytes), freeMb: await freeMbOf(dirname(directory)) }
}
