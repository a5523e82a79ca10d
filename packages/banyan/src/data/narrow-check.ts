import { widenSql } from '@banyan/postgres'
import pg from 'pg'
import { Lost } from './send.ts'
import type { Session } from './session.ts'
import type { Compiled } from './sql.ts'

/**
 * Whether a statement that found nothing under its key finds something without one. It is run again
 * in savepoints that are rolled back.
 *
 * The second run has a later snapshot than the first: what it finds may be a row of the right key that
 * came in between. So both are run once more, and believed when no transaction that wrote was
 * committed meanwhile. Where others write all the time nothing is said: a correct app is never accused.
 *
 * SKIP LOCKED is left out of what is run: a row that somebody let go of in between is no row of another
 * key, and no commit tells of it.
 */
export async function findsElsewhere(session: Session, given: Compiled): Promise<boolean> {
  const compiled = { ...given, text: given.text.replace(/\bskip\s+locked\b/gi, '') }
  if (!(await finds(session, compiled, 'every key'))) return false
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const snapshot = await readSnapshot(session)
    if (await finds(session, compiled, 'its key')) return false
    if (!(await finds(session, compiled, 'every key'))) return false
    if (!(await hasCommitted(session, snapshot))) return true
  }
  return false
}

const attemptsMax = 10

/** A row that somebody else holds is a row: it is not waited for. */
const lockTimeoutMs = 50

async function finds(
  session: Session,
  compiled: Compiled,
  among: 'every key' | 'its key',
): Promise<boolean> {
  const { fault } = session
  await session.sendScript(among === 'every key' ? `${openSql}; ${widenSql}` : openSql)
  try {
    const { rowCount } = await session.send(compiled)
    return (rowCount ?? 0) > 0
  } catch (error) {
    if (error instanceof Lost) throw error
    return isAboutRow(error)
  } finally {
    if (session.lost === null) await session.sendScript(closeSql)
    session.fault = fault
  }
}

const openSql = `savepoint banyan_check; set local lock_timeout = '${lockTimeoutMs}ms'`
const closeSql = 'rollback to savepoint banyan_check; release savepoint banyan_check'

/**
 * Whether an error says that there was a row: it broke a constraint, it would have changed its shard
 * key, or somebody else holds it. Every other error may come from anywhere, and says nothing.
 */
const isAboutRow = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(?:23|BN001|55P03)/.test(error.code ?? '')

async function readSnapshot(session: Session): Promise<string> {
  const { rows } = await session.send({
    text: 'select pg_current_snapshot()::text as snapshot',
    values: [],
  })
  return (rows[0] as { snapshot: string }).snapshot
}

/** Our own savepoints were rolled back, so that what they wrote does not count. */
async function hasCommitted(session: Session, before: string): Promise<boolean> {
  const { rows } = await session.send({ text: committedSql, values: [before] })
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
