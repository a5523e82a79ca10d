import type { MemberPlace } from '../../../shard/member.ts'
import { reloadServer } from './reload.ts'
import { type RoleOptions, writeRole } from './role-file.ts'

/**
 * Has a running replica follow another primary from now on, without a restart and across timelines. Its
 * slot has to be there.
 *
 * @example await followPrimary('/srv/notes/.banyan/nodes/db-4', db3, { replicatorPassword })
 */
export async function followPrimary(
  nodeDirectory: string,
  primary: MemberPlace,
  options: RoleOptions,
): Promise<void> {
  await writeRole(nodeDirectory, { kind: 'replica', of: primary }, options)
  await reloadServer(nodeDirectory)
}
