import type { ClientBase } from 'pg'

/** What a server says of itself. Read in one query, judged elsewhere. */
export type Facts = {
  /** As PostgreSQL counts: 150004 is 15.4. */
  readonly versionNumber: number
  readonly version: string
  readonly encoding: string
  /** In recovery: a standby, which takes no writes. */
  readonly isStandby: boolean
  /** Where the standby streams from, when the user may know. */
  readonly primary: string | null
  readonly isReadOnly: boolean
  readonly user: string
  readonly connections: {
    readonly max: number
    /** Kept for superusers and the like. */
    readonly reserved: number
    readonly used: number
    /** -1: no limit of its own. */
    readonly userMax: number
    readonly databaseMax: number
  }
  /** A pooler stands before it. */
  readonly pooled: boolean
}

/** Nothing here needs a right that an ordinary user lacks, and nothing is newer than PostgreSQL 9.6. */
const factsSql = `
  select current_setting('server_version_num')::int as "versionNumber",
    current_setting('server_version') as version,
    current_setting('server_encoding') as encoding,
    pg_is_in_recovery() as "isStandby",
    (select concat_ws(':', to_jsonb(w) ->> 'sender_host', to_jsonb(w) ->> 'sender_port')
      from pg_stat_wal_receiver w limit 1) as primary,
    current_setting('default_transaction_read_only')::bool as "isReadOnly",
    current_user::text as "user",
    current_setting('max_connections')::int as max,
    current_setting('superuser_reserved_connections')::int
      + coalesce(current_setting('reserved_connections', true)::int, 0) as reserved,
    (select count(*)::int from pg_stat_activity where datid is not null) as used,
    (select rolconnlimit from pg_roles where rolname = current_user) as "userMax",
    (select datconnlimit from pg_database where datname = current_database()) as "databaseMax"`

/** Asks inside the caller's transaction, which only reads. */
export async function askFacts(client: ClientBase, pooled: boolean): Promise<Facts> {
  const { rows } = await client.query(factsSql)
  const { max, reserved, used, userMax, databaseMax, primary, ...rest } = rows[0]
  const connections = { max, reserved, used, userMax, databaseMax }
  return { ...rest, primary: primary || null, connections, pooled }
}

/** Most connections that the user of the URL may ever hold. */
export function connectionsAllowed({ connections }: Facts): number {
  const { max, reserved, userMax, databaseMax } = connections
  const limits = [max - reserved, userMax, databaseMax].filter((limit) => limit >= 0)
  return Math.min(...limits)
}
