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
  await dropThose(admin, 'slot_name = any ($1)', [members.map(slotNameOf)])
}

/**
 * Drops the slots of all followers of a replica, which is not to be followed. Of a server that takes writes
 * it drops none: it may have been promoted in this moment.
 *
 * @param admin a connected superuser
 * @example await dropFollowerSlots(admin)
 */
export async function dropFollowerSlots(admin: Client): Promise<void> {
  await dropThose(admin, isFollowers, [])
}

/** Those of members on a replica, in SQL. Slots of readers of changes are copies of the primary's. */
export const isFollowers = "slot_type = 'physical' and pg_is_in_recovery()"

async function dropThose(admin: Client, which: string, values: unknown[]): Promise<void> {
  await admin.query(
    `select pg_terminate_backend(active_pid, 5000) from pg_replication_slots
     where ${which} and active_pid is not null`,
    values,
  )
  await admin.query(
    `select pg_drop_replication_slot(slot_name) from pg_replication_slots where ${which}`,
    values,
  )
}
