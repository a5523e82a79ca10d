import type { Client } from 'pg'

/** Of its last segment so much is full before a stop: PostgreSQL makes the next one ahead from three quarters on. */
const fullPart = 0.77
/** More is not written only to save time. */
const fillBytesMax = 16 * 1_024 * 1_024

/**
 * Has a server write what is only in memory, so that little is left to do once nobody can write.
 *
 * At its stop a primary with an archive ends its last segment of the WAL, and begins another one: its replicas
 * get all of the rest, and each server has to make a file. So the segment is filled up before, by a message that
 * means nothing to anybody, and the checkpoint, on the primary and then on its replicas, makes the file ahead.
 *
 * @param admin a connected superuser, of a primary or of a replica
 * @example
 * await checkpoint(primary)
 * await checkpoint(replica)
 */
export async function checkpoint(admin: Client): Promise<void> {
  const { rows } = await admin.query<{ replica: boolean }>('select pg_is_in_recovery() as replica')
  if (rows[0]?.replica === false) await admin.query(fillSql)
  await admin.query('checkpoint')
}

const fillSql = `
  with segment as (
    select setting::numeric * ${fullPart} as wanted,
      (pg_current_wal_insert_lsn() - '0/0'::pg_lsn) % setting::numeric as used
    from pg_settings where name = 'wal_segment_size'
  )
  select pg_logical_emit_message(false, 'banyan', repeat('.', (wanted - used)::int))
  from segment where used < wanted and wanted - used < ${fillBytesMax}`
