import { type Address, tryToListen } from './free-address.ts'
import { dataDirectoryOf } from './placement.ts'
import { processesIn } from './processes.ts'

/**
 * Whether somebody else listens where a node is recorded to: most often the original, when the node
 * is a copy. A server of the node itself is not somebody else.
 */
export async function isTakenByOthers(nodeDirectory: string, place: Address): Promise<boolean> {
  if ((await tryToListen(place)) !== 'taken') return false
  return (await processesIn(await dataDirectoryOf(nodeDirectory))).length === 0
}
