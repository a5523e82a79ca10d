import { join } from 'node:path'
import { localSite } from '../sites/local.ts'
import type { StatePaths } from '../state/paths.ts'
import { type Attached, detach, listAttached } from './attachments.ts'

/** What the command of an `exec` still gets to finish, once nobody waits for it any more. */
const stopTimeoutMs = 2_000

/** What every process of an attached command carries in its environment. */
export function attachedMark({ folder }: Attached): { name: string; value: string } {
  return { name: 'BANYAN_SYSTEM', value: join(folder, 'system.json') }
}

/**
 * Ends and removes what attached processes have left that are dead: their commands, their databases.
 * A database that cannot be dropped now keeps its folder, so that the next sweep tries again.
 */
export async function sweepAttached(
  paths: StatePaths,
  dropDatabase: (name: string) => Promise<boolean>,
): Promise<void> {
  for (const attached of listAttached(paths)) {
    if (attached.pid !== null) continue
    await localSite.stop(null, attachedMark(attached), stopTimeoutMs)
    const { freshDatabase } = attached
    if (freshDatabase === null || (await dropDatabase(freshDatabase))) detach(attached)
  }
}
