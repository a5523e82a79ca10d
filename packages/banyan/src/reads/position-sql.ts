/**
 * Asks a server for its position, as any role. A primary says what is on its disk: a commit is acknowledged
 * only after that, to anybody. (One made with `synchronous_commit = off` is not, and counts once it is.) A
 * replica says what it has replayed, which is what a read there sees.
 *
 * `termIsRow`: the term is the one of `banyan.term`. On a replica that row is replayed as everything else, so
 * that a replica has the data that lies before it. Else the timeline stands in, of a replica the one that it
 * receives or last began with; whoever may not see the receiver gets the second, which is late but not wrong.
 */
export const positionSql = (termIsRow: boolean): string => `
  select r.in_recovery,
    ${termIsRow ? '(select term from banyan.term)' : timelineSql},
    case when r.in_recovery then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end
  from (select pg_is_in_recovery() as in_recovery) r`

const timelineSql = `case when r.in_recovery
      then greatest(
        (select received_tli from pg_stat_wal_receiver),
        (select timeline_id from pg_control_checkpoint()),
        (select min_recovery_end_timeline from pg_control_recovery()))
      else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end`

/**
 * Which life of which cluster a connection talks to. A replica that starts again may show less than it did
 * before: what is known of one life says nothing about the next.
 */
export const lifeSql = `select (select system_identifier::text from pg_control_system())
  || ' ' || extract(epoch from pg_postmaster_start_time())::text as life`
