import { widenSql } from '@banyan/postgres'
import pg from 'pg'
import { Lost } from './send.ts'
import type { Session } from './session.ts'
import type { Compiled } from './sql.ts'

/** What a statement comes upon: every row that the session may see, or those of its key. */
export type Among = 'every key' | 'its key'

/** How many rows, or which error a statement ended with. */
export type Found = { readonly count: number } | { readonly error: unknown }

/** A row that somebody else holds is a row: it is not waited for. */
const lockTimeoutMs = 50

/** Without its key a statement may have to read whole tables: then nothing is said about it. */
const statementTimeoutMs = 2_000

const openSql = `savepoint banyan_check; set local lock_timeout = '${lockTimeoutMs}ms';
  set local statement_timeout = '${statementTimeoutMs}ms'`
const closeSql = 'rollback to savepoint banyan_check; release savepoint banyan_check'

/** Runs a statement once more in a savepoint that is rolled back. Its rows are counted, not kept. */
export async function probe(session: Session, compiled: Compiled, among: Among): Promise<Found> {
  const { fault } = session
  await session.sendScript(among === 'every key' ? `${openSql}; ${widenSql}` : openSql)
  try {
    return { count: await session.sendCounting(compiled) }
  } catch (error) {
    if (error instanceof Lost) throw error
    return { error }
  } finally {
    if (session.lost === null) await session.sendScript(closeSql)
    session.fault = fault
  }
}

/**
 * Whether an error says that there was a row: it broke a constraint, it would have changed its shard
 * key, or somebody else holds it. Every other error may come from anywhere, and says nothing.
 */
export const isAboutRow = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(?:23|BN001|55P03)/.test(error.code ?? '')

/** The moment that later probes are compared with. */
export async function readSnapshot(session: Session): Promise<string> {
  const { rows } = await session.send({
    text: 'select pg_current_snapshot()::text as snapshot',
    values: [],
  })
  return (rows[0] as { snapshot: string }).snapshot
}

/** Whether anybody who wrote has committed since. Our own savepoints were rolled back: they do not count. */
export async function hasCommitted(session: Session, since: string): Promise<boolean> {
  const { rows } = await session.send({ text: committedSql, values: [since] })
  return (rows[0] as { committed: boolean }).committed
}

const committedSql = `
  select exists (
    select from generate_series(
      pg_snapshot_xmin(earlier)::text::int8, pg_snapshot_xmax(later)::text::int8 - 1) as id
    where pg_visible_in_snapshot(id::text::xid8, later)
      and not pg_visible_in_snapshot(id::text::xid8, earlier)
      and pg_xact_status(id::text::xid8) = 'committed'
  ) as committed
  from (select $1::pg_snapshot as earlier, pg_current_snapshot() as later) as snapshots`
