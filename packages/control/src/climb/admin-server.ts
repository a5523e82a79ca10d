import type { Server } from '../attached/fresh.ts'
import { type Context, primaryMember } from './context.ts'

/** The database server of ours, for its superuser; null where there is none, or only an adopted one. */
export function adminServer(context: Context): Server | null {
  if (context.system.data === null || context.system.data.url !== null) return null
  const member = primaryMember(context)
  if (member === null) return null
  return { ...member, adminPassword: context.secrets.adminPassword }
}
