import { ownerRole } from '@banyan/postgres'
import type { HeartbeatTarget } from '../heartbeat/heartbeat.ts'
import { type Context, databaseName, primaryMember } from './context.ts'

/** Where a climb's heartbeat is written; null without a database of ours, since an adopted one is not written to. */
export function heartbeatTarget(context: Context): HeartbeatTarget | null {
  const { system, secrets } = context
  const member = primaryMember(context)
  if (system.data === null || system.data.url !== null || member === null) return null
  const database = databaseName(system)
  return { ...member, database, user: ownerRole, password: secrets.ownerPassword }
}
