import type { Client } from 'pg'
import { slotNameOf } from './role-settings.ts'

/**
 * Makes the slots of members that are going to follow this server, from now on: also on a replica, before
 * it is promoted.
 *
 * @param admin a connected superuser
 * @example await ensureSlots(admin, ['db-3', 'db-4'])
 */
export async function ensureSlots(admin: Client, members: readonly string[]): Promise<void> {
  await admin.query(
    `select pg_create_physical_replication_slot(name, true)
     from unnest($1::text[]) name
     where not exists (select from pg_replication_slots s where s.slot_name = name)`,
    [members.map(slotNameOf)],
  )
}

/**
 * Drops the slots of members that no longer follow, with the sessions that use them: what a slot waits
 * for stays on the disk.
 *
 * @param admin a connected superuser
 * @example await dropSlots(admin, ['db-4'])
 */
export async function dropSlots(admin: Client, members: readonly string[]): Promise<void> {
  const names = members.map(slotNameOf)
  await admin.query(
    `select pg_terminate_backend(active_pid, 5000) from pg_replication_slots
     where slot_name = any ($1) and active_pid is not null`,
    [names],
  )
  await admin.query(
    'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = any ($1)',
    [names],
  )
}
