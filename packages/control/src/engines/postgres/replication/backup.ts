import { BanyanError } from '@banyan/model'
import { adminRole } from '@banyan/postgres'
import pg from 'pg'
import type { MemberPlace } from '../../../shard/member.ts'

/** A server that is copied, and how to get in. */
export type CopySource = {
  readonly place: MemberPlace
  readonly nodeDirectory: string
  readonly adminPassword: string
}

export type BackupEnd = {
  readonly label: string
  readonly tablespaceMap: string
  /** The file of WAL in which the backup ended. */
  readonly lastSegment: string
}

/** A backup that goes on: from its session being open to its end. */
export type Backup = {
  /** The file of WAL in which it began. */
  readonly firstSegment: string
  /** Aborted when the session is lost, and the backup with it. */
  readonly lost: AbortSignal
  end(): Promise<BackupEnd>
  /** Without an end the backup counts as never taken. */
  close(): Promise<void>
  /** The slot of a copy that is not made would fill the disk of its source. */
  dropSlot(): Promise<void>
}

const connectMs = 5_000

/**
 * Begins a backup of a primary that goes on with its work (PostgreSQL manual, "Making a Base Backup Using
 * the Low Level API"), with a slot from which the copy gets what follows. The slot is there first, so that
 * nothing that the copy needs is removed.
 */
export async function beginBackup(source: CopySource, slot: string): Promise<Backup> {
  const client = clientOf(source)
  const lost = new AbortController()
  const lose = (cause?: unknown): void => lost.abort(sourceLost(source, cause))
  client.on('error', lose)
  client.on('end', () => lose())
  try {
    await client.connect()
    await makeSlotAnew(client, slot)
    const firstSegment = await start(client, source)
    return {
      firstSegment,
      lost: lost.signal,
      end: () => end(client),
      close: () => close(client),
      dropSlot: () => dropSlot(client, slot),
    }
  } catch (error) {
    await close(client)
    throw BanyanError.is(error) ? error : sourceLost(source, error)
  }
}

/** Nothing bounds how long the session may be quiet while files are copied. */
function clientOf({ place, adminPassword }: CopySource): pg.Client {
  return new pg.Client({
    host: place.host,
    port: place.port,
    user: adminRole,
    password: adminPassword,
    database: 'postgres',
    application_name: 'banyan copy',
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    options: '-c idle_session_timeout=0 -c statement_timeout=0 -c client_min_messages=warning',
  })
}

/** A slot of an earlier copy stands where that copy was, and may have lost what follows. */
async function makeSlotAnew(client: pg.Client, slot: string): Promise<void> {
  await client.query(
    `select pg_terminate_backend(active_pid, 5000) from pg_replication_slots
     where slot_name = $1 and active_pid is not null`,
    [slot],
  )
  await client.query(
    'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
    [slot],
  )
  await client.query('select pg_create_physical_replication_slot($1, true)', [slot])
}

async function start(client: pg.Client, { place }: CopySource): Promise<string> {
  const { rows } = await client.query<{ segment: string }>(
    'select pg_walfile_name(pg_backup_start($1, true)) as segment',
    [`copy of ${place.name}`],
  )
  return rows[0]?.segment ?? ''
}

/** Ends in a segment of its own, which is on the disk then; there is no archive to wait for. */
async function end(client: pg.Client): Promise<BackupEnd> {
  const { rows } = await client.query<{ labelfile: string; spcmapfile: string; last: string }>(
    'select labelfile, spcmapfile, pg_walfile_name(lsn) as last from pg_backup_stop(false)',
  )
  const [row] = rows
  return {
    label: row?.labelfile ?? '',
    tablespaceMap: row?.spcmapfile ?? '',
    lastSegment: row?.last ?? '',
  }
}

async function dropSlot(client: pg.Client, slot: string): Promise<void> {
  await client.query('select pg_drop_replication_slot($1)', [slot]).catch(() => {})
}

async function close(client: pg.Client): Promise<void> {
  await client.end().catch(() => {})
}

function sourceLost({ place }: CopySource, cause: unknown): BanyanError {
  const why = cause instanceof Error ? `: ${cause.message}` : '.'
  return new BanyanError(
    'BANYAN_COPY_FAILED',
    `${place.name} (${place.host}:${place.port}) cannot be copied, or ended while it was${why}`,
    { hint: 'What was copied has been removed. Try again once it runs.', cause },
  )
}
