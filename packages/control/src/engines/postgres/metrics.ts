import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'

/** What one server says of itself. */
export type PostgresSample = {
  /** Connections by state, as PostgreSQL calls it. */
  readonly backends: Readonly<Record<string, number>>
  readonly connectionsMax: number
  readonly commits: number
  readonly rollbacks: number
  readonly deadlocks: number
  readonly blocksFromCache: number
  readonly blocksFromSystem: number
  /** Null where the database is not there, or not ours to see. */
  readonly databaseBytes: number | null
  /** Null on a replica, which writes none of its own. */
  readonly walWrittenBytes: number | null
  /** Bytes of WAL that each slot keeps. */
  readonly slots: Readonly<Record<string, number>>
}

/** A session that nobody has connected yet, whose own timeouts are short. */
export type OpenSession = () => Client

/** To look at every file of a database takes longer than all the rest. */
const sizeEveryMs = 10_000
/** A connection that has not answered for so long is given up: on a busy machine a new one would come later still. */
const patienceMs = 3_000
/** A server that refuses is not asked each second: what it refuses is in its log. */
const retryMs = 3_000

/**
 * Asks one server for its numbers, on a connection that is kept, with one question at a time. It is in nobody's
 * way: whoever asks gets nothing from a server that does not answer in time, and other servers have readers of
 * their own.
 *
 * @example
 * const reader = new PostgresReader(() => adminClient({ place, adminPassword }, 3_000), 'notes')
 * const sample = await reader.read(250) // null when it gives no answer in time
 */
export class PostgresReader {
  readonly #open: OpenSession
  readonly #database: string
  #client: Promise<Client> | null = null
  #asking: { readonly answer: Promise<PostgresSample | null>; readonly sinceMs: number } | null =
    null
  #retryAtMs = Number.NEGATIVE_INFINITY
  #size: { readonly bytes: number | null; readonly atMs: number } | null = null

  constructor(open: OpenSession, database: string) {
    this.#open = open
    this.#database = database
  }

  /** An answer that comes too late is dropped, and the next question waits for it. */
  async read(timeoutMs: number): Promise<PostgresSample | null> {
    const asking = this.#asking
    if (asking !== null && performance.now() - asking.sinceMs > patienceMs) this.#giveUp()
    if (asking !== null || performance.now() < this.#retryAtMs) return null
    const over = new AbortController()
    const late = sleep(timeoutMs, null, { signal: over.signal, ref: false }).catch(() => null)
    try {
      return await Promise.race([this.#ask(), late])
    } finally {
      over.abort()
    }
  }

  close(): void {
    const client = this.#client
    this.#client = null
    this.#asking = null
    // Whose question was not answered is cut off; nobody waits for a server that is gone.
    void client?.then((open) => open.end()).catch(() => {})
  }

  #giveUp(): void {
    this.close()
    this.#retryAtMs = performance.now() + retryMs
  }

  async #ask(): Promise<PostgresSample | null> {
    const answer = this.#query().catch(() => {
      if (this.#asking?.answer === answer) this.#giveUp()
      return null
    })
    const asking = { answer, sinceMs: performance.now() }
    this.#asking = asking
    const found = await answer
    if (this.#asking === asking) this.#asking = null
    return found
  }

  async #query(): Promise<PostgresSample> {
    this.#client ??= this.#connect()
    const client = await this.#client
    const nowMs = performance.now()
    const isSizeDue = this.#size === null || nowMs - this.#size.atMs > sizeEveryMs
    const { rows } = await client.query<Row>(questionSql, [isSizeDue, this.#database])
    const row = rows[0] as Row
    if (isSizeDue) this.#size = { bytes: numberOrNull(row.size), atMs: nowMs }
    return sampleOf(row, this.#size?.bytes ?? null)
  }

  #connect(): Promise<Client> {
    const client = this.#open()
    client.on('error', () => {})
    client.once('end', () => {
      if (this.#client === connected) this.#client = null
    })
    const connected = client.connect().then(() => client)
    connected.catch(() => void client.end().catch(() => {}))
    return connected
  }
}

type Row = {
  readonly backends: Readonly<Record<string, number>>
  readonly connections_max: number
  readonly commits: string
  readonly rollbacks: string
  readonly deadlocks: string
  readonly blks_hit: string
  readonly blks_read: string
  readonly size: string | null
  readonly wal_written: string | null
  readonly slots: Readonly<Record<string, number>>
}

/** Of sessions of others a user without `pg_monitor` sees the database and no state. */
const questionSql = `
  select
    (select coalesce(json_object_agg(state, n), '{}') from (
       select coalesce(state, 'unknown') as state, count(*)::int as n from pg_stat_activity
       where datname is not null and coalesce(backend_type, 'client backend') = 'client backend'
       group by 1) s) as backends,
    current_setting('max_connections')::int as connections_max,
    d.*,
    case when $1::bool then
      (select pg_database_size(oid) from pg_database
       where datname = $2 and has_database_privilege(oid, 'connect')) end as size,
    case when not w.standby then pg_wal_lsn_diff(w.lsn, '0/0') end as wal_written,
    (select coalesce(json_object_agg(slot_name, greatest(pg_wal_lsn_diff(w.lsn, restart_lsn), 0)), '{}')
     from pg_replication_slots where restart_lsn is not null) as slots
  from
    (select sum(xact_commit) as commits, sum(xact_rollback) as rollbacks, sum(deadlocks) as deadlocks,
       sum(blks_hit) as blks_hit, sum(blks_read) as blks_read from pg_stat_database) d,
    (select pg_is_in_recovery() as standby,
       case when pg_is_in_recovery() then coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
         else pg_current_wal_lsn() end as lsn) w`

function sampleOf(row: Row, databaseBytes: number | null): PostgresSample {
  return {
    backends: row.backends,
    connectionsMax: row.connections_max,
    commits: Number(row.commits),
    rollbacks: Number(row.rollbacks),
    deadlocks: Number(row.deadlocks),
    blocksFromCache: Number(row.blks_hit),
    blocksFromSystem: Number(row.blks_read),
    databaseBytes,
    walWrittenBytes: numberOrNull(row.wal_written),
    slots: row.slots,
  }
}

const numberOrNull = (text: string | null): number | null => (text === null ? null : Number(text))
