import { keySql } from '@banyan/postgres'
import type pg from 'pg'
import { findsElsewhere } from './narrow-check.ts'
import { warnOfMore } from './narrow-warning.ts'
import { Lost } from './send.ts'
import type { Session } from './session.ts'
import type { Compiled } from './sql.ts'
import {
  isRefusedByPolicy,
  type Narrowed,
  namedTables,
  type Trespass,
  wrongKey,
} from './wrong-key.ts'

/** What the statements of a scope are narrowed to, in narrow mode. */
export type Narrowing = Narrowed & {
  /** Whether the transaction has other keys as well, so that each statement says its own first. */
  readonly amongOthers: boolean
}

/**
 * Runs a statement in a transaction that was begun narrow. What has to do with another key is
 * `BANYAN_WRONG_KEY`, and leaves the transaction as failed as any error of a statement does.
 */
export function runNarrowed(
  session: Session,
  to: Narrowing,
  compiled: Compiled,
): Promise<pg.QueryResult> {
  return session.exclusively(async () => {
    // In a failed transaction the only statement of use is a ROLLBACK TO, and ours would be none.
    if (session.status !== 'T') return await session.send(compiled)
    if (to.amongOthers) await session.sendScript(keySql(to.key))
    const result = await session.send(compiled).catch((error: unknown) => {
      throw isRefusedByPolicy(error) ? wrongKey('wrote', to, compiled, error) : error
    })
    const trespass = await findTrespass(session, to, compiled, result)
    if (trespass !== null) throw await fail(session, wrongKey(trespass, to, compiled))
    if (mayFindMore(result) && session.status === 'T') await warnOfMore(session, to, compiled)
    return result
  })
}

async function findTrespass(
  session: Session,
  { tables }: Narrowing,
  compiled: Compiled,
  result: pg.QueryResult,
): Promise<Trespass | null> {
  if (result.command === 'TRUNCATE') {
    return namedTables(compiled.text, tables).length > 0 ? 'truncated' : null
  }
  if (!foundNothing(result) || session.status !== 'T') return null
  return (await findsElsewhere(session, compiled)) ? 'reached' : null
}

/** Statements whose number of rows is what they found. */
const finding = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE'])

const foundNothing = ({ command, rowCount }: pg.QueryResult): boolean =>
  rowCount === 0 && finding.has(command)

/** An INSERT writes rows of its key or fails, and would take numbers of sequences each time. */
const mayFindMore = ({ command, rowCount }: pg.QueryResult): boolean =>
  (rowCount ?? 0) > 0 && command !== 'INSERT' && finding.has(command)

/** Fails the transaction in PostgreSQL as well: whoever goes on regardless cannot commit. */
async function fail(session: Session, error: Error): Promise<Error> {
  session.fault ??= error
  try {
    await session.sendScript(failureSql)
  } catch (failure) {
    if (failure instanceof Lost) throw failure
  }
  return error
}

const failureSql = `do $$ begin
  raise exception using errcode = 'BN002', message = 'a statement of the transaction had to do with another key';
end $$`
