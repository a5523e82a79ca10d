import { findNode, type Ground, membersOf, topologyOf } from '@banyan/model'
import { copyRoom } from '../engines/postgres/engine.ts'
import { nodeDirectory } from '../state/paths.ts'
import { type Context, primaryMember } from './context.ts'

/** Why the copies of the database that a climb would make do not fit on the disk, all of them together. */
export async function roomForCopies(
  context: Context,
  rungs: readonly string[],
  ground: Ground,
): Promise<string[]> {
  const { topology, paths } = context
  const primary = primaryMember(context)
  if (primary === null || membersOf(topology).length === 0) return []
  const missing = membersOf(topologyOf(rungs, ground)).filter(
    ({ name }) => findNode(topology, name) === undefined,
  )
  if (missing.length === 0) return []
  const { neededMb, freeMb } = await copyRoom(nodeDirectory(paths, primary.name))
  const allMb = missing.length * neededMb
  if (freeMb >= allMb) return []
  const what = missing.length === 1 ? 'A copy' : `${missing.length} copies`
  return [
    `${what} of the database (${missing.map(({ name }) => name).join(', ')}) would need ${allMb} MB, and the disk of ${paths.nodes} has ${freeMb} MB free.`,
  ]
}
