import { BanyanError, type KeyType, type Table } from '@banyan/model'
import { dropUndeclared, quoteName, syncTables } from '@banyan/postgres'
import type { DatabaseError } from 'pg'
import { explain, failed, ourTrigger } from './explain.ts'
import type { Migration, Statement } from './migration.ts'
import { type Run, type Subject, transact } from './transact.ts'

export const subjectOf = (run: Run, migration: Migration): Subject => ({
  name: migration.name,
  explain: (error) => explain(migration, run.signal, error),
})

/**
 * Runs one migration and holds the database to the declared tables before it counts as applied.
 * While others are still to come (`complete` is false), tables may be unfinished.
 */
export async function runMigration(
  run: Run,
  migration: Migration,
  complete: boolean,
): Promise<KeyType | null> {
  try {
    return await runStatements(run, migration, complete, run.tables)
  } catch (error) {
    const free = run.tables.filter((table) => !isHeldByTriggers(table, error))
    if (complete || run.beside || free.length === run.tables.length) throw error
    return await runStatements(run, migration, complete, free)
  }
}

/**
 * Whether our triggers on a table kept a statement from changing a column. While migrations are
 * still to come, the declarations are not those of this one: a release that did without may lie
 * between, which a new database never saw. So the triggers give way, and come back at the end.
 */
function isHeldByTriggers({ name }: Table, error: unknown): boolean {
  const { detail = '' } = ((error as Error).cause ?? {}) as { detail?: string }
  if (!ourTrigger.test(detail)) return false
  return [name, quoteName(name)].some((table) => detail.includes(` on table ${table} depends on `))
}

/** `kept` are the tables whose triggers stay while the statements run. */
async function runStatements(
  run: Run,
  migration: Migration,
  complete: boolean,
  kept: readonly Table[],
): Promise<KeyType | null> {
  return await transact(run, subjectOf(run, migration), async () => {
    const startMs = performance.now()
    await clear(run, kept)
    const transaction = await begin(run, migration)
    for (const statement of migration.statements) await execute(run, migration, statement)
    await refuseEndedTransaction(run, migration, transaction)
    return await record(run, migration, complete, performance.now() - startMs)
  })
}

/** Takes away what is declared no longer, so that a migration can drop or alter the columns. */
export async function clear(
  { owner, narrow, serving }: Run,
  kept: readonly Table[],
): Promise<void> {
  await dropUndeclared(owner, kept, { narrow: narrow && serving })
}

/** The last part of a migration without a transaction: the check of the tables, and the record. */
export async function finishMigration(
  run: Run,
  migration: Migration,
  complete: boolean,
): Promise<KeyType | null> {
  return await transact(run, subjectOf(run, migration), async () => {
    await clear(run, run.tables)
    return await record(run, migration, complete, null)
  })
}

/** Returns the id of the transaction that holds the record. */
export async function begin(
  { owner }: Run,
  { name, checksum, contract }: Migration,
): Promise<string> {
  const { rows } = await owner.query(
    `insert into banyan.migrations (name, checksum, state, contract, began)
     values ($1, $2, 'begun', $3, clock_timestamp())
     returning pg_current_xact_id()::text as transaction`,
    [name, checksum, contract],
  )
  return rows[0].transaction
}

/** A syntax that our parser does not know may hide a COMMIT: then this is another transaction. */
async function refuseEndedTransaction(
  { owner }: Run,
  { name }: Migration,
  transaction: string,
): Promise<void> {
  const { rows } = await owner.query('select pg_current_xact_id()::text as transaction')
  if (rows[0].transaction === transaction) return
  throw new BanyanError(
    'BANYAN_MIGRATION_FAILED',
    `${name} ended the transaction that it runs in; it may be done in part.`,
    { hint: 'Remove COMMIT and ROLLBACK from it, and look at what it left.' },
  )
}

async function record(
  { owner, tables, narrow, serving }: Run,
  { name, statements }: Migration,
  complete: boolean,
  durationMs: number | null,
): Promise<KeyType | null> {
  await owner.query('reset session authorization; reset role; set constraints all immediate')
  const { keyType } = await syncTables(owner, tables, { complete, narrow, serving })
  await owner.query(
    `update banyan.migrations set state = 'applied', applied = clock_timestamp(),
       duration_ms = coalesce($2, extract(epoch from clock_timestamp() - began) * 1000),
       statements = $3
     where name = $1`,
    [name, durationMs, statements.length],
  )
  return keyType
}

/** Returns how many rows it changed, where it says so. */
export async function execute(
  { owner, signal }: Run,
  migration: Migration,
  statement: Statement,
): Promise<number> {
  signal?.throwIfAborted()
  try {
    const { rowCount } = await owner.query(statement.sql)
    return rowCount ?? 0
  } catch (error) {
    throw failed(migration, statement, error as DatabaseError)
  }
}
