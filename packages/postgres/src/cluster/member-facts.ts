import { type Lsn, parseLsn } from './lsn.ts'

/** What a server says of itself. */
export type MemberFacts = {
  /** Of the cluster that it is a copy of: two servers with different ones have nothing to do with each other. */
  readonly systemIdentifier: string
  readonly inRecovery: boolean
  /** Of `banyan.term`; null where somebody else promotes, and the timeline stands in. */
  readonly term: number | null
  /** Of a primary: the timeline that it writes. Null on a replica. */
  readonly timeline: number | null
  /** Of a primary: up to where its WAL is on the disk. Of a replica: the greater of received and replayed. */
  readonly walLsn: Lsn
  /** Up to where a read sees what was committed. */
  readonly replayLsn: Lsn
}

/**
 * Asks one server everything at once, as any role. With a term in a system of ours, without one under
 * somebody else's high availability. `pg_control_checkpoint()` still tells the old timeline seconds after a
 * promotion, and so the name of the current WAL file is asked for; a replica's received position can be
 * below its replay position after a restart.
 */
export const memberFactsSql = (withTerm: boolean): string => `
  select
    (select system_identifier::text from pg_control_system()) as system_identifier,
    r.in_recovery,
    ${withTerm ? '(select term::text from banyan.term)' : 'null::text'} as term,
    case when r.in_recovery then null else left(pg_walfile_name(pg_current_wal_lsn()), 8) end as timeline,
    case when r.in_recovery
      then greatest(coalesce(pg_last_wal_receive_lsn(), '0/0'), coalesce(pg_last_wal_replay_lsn(), '0/0'))
      else pg_current_wal_flush_lsn() end::text as wal_lsn,
    case when r.in_recovery then coalesce(pg_last_wal_replay_lsn(), '0/0')
      else pg_current_wal_flush_lsn() end::text as replay_lsn
  from (select pg_is_in_recovery() as in_recovery) r`

/** The row of {@link memberFactsSql}. */
export type MemberRow = {
  readonly system_identifier: string
  readonly in_recovery: boolean
  readonly term: string | null
  readonly timeline: string | null
  readonly wal_lsn: string
  readonly replay_lsn: string
}

export function memberFactsOf(row: MemberRow): MemberFacts {
  return {
    systemIdentifier: row.system_identifier,
    inRecovery: row.in_recovery,
    term: row.term === null ? null : Number(row.term),
    timeline: row.timeline === null ? null : Number.parseInt(row.timeline, 16),
    walLsn: parseLsn(row.wal_lsn),
    replayLsn: parseLsn(row.replay_lsn),
  }
}
