import { BanyanError, type KeyType, type Table } from '@banyan/model'
import { dropUndeclared, quoteName, syncTables } from '@banyan/postgres'
import type { Client, DatabaseError } from 'pg'
import { cancellable } from './cancel.ts'
import type { Migration, Statement } from './migration.ts'
import { placeInFile } from './sql.ts'

/** In a message of the server. */
const ourTrigger = /trigger "?[01~]_?banyan/

export type Run = {
  readonly owner: Client
  readonly tables: readonly Table[]
  /** Whether the policies of narrow mode are there once the last migration is applied. */
  readonly narrow: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * Runs one migration and holds the database to the declared tables before it counts as applied.
 * While others are still to come (`complete` is false), tables may be unfinished.
 */
export async function runMigration(
  run: Run,
  migration: Migration,
  complete: boolean,
): Promise<KeyType | null> {
  if (!migration.transaction) {
    await inTransaction(run, migration, () => dropUndeclared(run.owner, run.tables))
    await runStatementsAlone(run, migration)
    return await finishMigration(run, migration, complete)
  }
  try {
    return await runStatements(run, migration, complete, run.tables)
  } catch (error) {
    const free = run.tables.filter((table) => !isHeldByTriggers(table, error))
    if (complete || free.length === run.tables.length) throw error
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
  return await inTransaction(run, migration, async () => {
    const startMs = performance.now()
    await dropUndeclared(run.owner, kept)
    const transaction = await begin(run, migration)
    for (const statement of migration.statements) await execute(run, migration, statement)
    await refuseEndedTransaction(run, migration, transaction)
    return await record(run, migration, complete, performance.now() - startMs)
  })
}

/** The last part of a migration without a transaction: the check of the tables, and the record. */
export async function finishMigration(
  run: Run,
  migration: Migration,
  complete: boolean,
): Promise<KeyType | null> {
  return await inTransaction(run, migration, async () => {
    await dropUndeclared(run.owner, run.tables)
    return await record(run, migration, complete, null)
  })
}

/** A migration may have changed the session: the next one starts as if it were the first. */
async function resetSession(owner: Client): Promise<void> {
  await owner.query('reset session authorization; reset role; reset all')
}

async function inTransaction<Result>(
  run: Run,
  migration: Migration,
  work: () => Promise<Result>,
): Promise<Result> {
  const { owner, signal } = run
  await resetSession(owner)
  await owner.query('begin isolation level read committed read write')
  try {
    const result = await cancellable(owner, signal, work)
    signal?.throwIfAborted()
    await owner.query('commit')
    return result
  } catch (error) {
    await owner.query('rollback').catch(() => {})
    throw explain(migration, signal, error)
  }
}

/** Written first and completed later, so that even a failing CREATE INDEX CONCURRENTLY leaves a trace. */
async function runStatementsAlone(run: Run, migration: Migration): Promise<void> {
  const { owner, signal } = run
  await resetSession(owner)
  await begin(run, migration)
  try {
    for (const statement of migration.statements) {
      await cancellable(owner, signal, () => execute(run, migration, statement))
      await owner.query(
        'update banyan.migrations set statements = statements + 1 where name = $1',
        [migration.name],
      )
    }
  } catch (error) {
    throw explain(migration, signal, error)
  }
}

/** Returns the id of the transaction that holds the record. */
async function begin({ owner }: Run, { name, checksum, contract }: Migration): Promise<string> {
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
  { owner, tables, narrow }: Run,
  { name, statements }: Migration,
  complete: boolean,
  durationMs: number | null,
): Promise<KeyType | null> {
  await owner.query('reset session authorization; reset role; set constraints all immediate')
  const { keyType } = await syncTables(owner, tables, { complete, narrow })
  await owner.query(
    `update banyan.migrations set state = 'applied', applied = clock_timestamp(),
       duration_ms = coalesce($2, extract(epoch from clock_timestamp() - began) * 1000),
       statements = $3
     where name = $1`,
    [name, durationMs, statements.length],
  )
  return keyType
}

async function execute(
  { owner, signal }: Run,
  migration: Migration,
  statement: Statement,
): Promise<void> {
  signal?.throwIfAborted()
  try {
    await owner.query(statement.sql)
  } catch (error) {
    throw failed(migration, statement, error as DatabaseError)
  }
}

/** The file and place, the server's code and words, and its detail and hint where it gave them. */
function failed(migration: Migration, statement: Statement, error: DatabaseError): BanyanError {
  const { line, column } =
    error.position === undefined ? statement : placeInFile(statement, Number(error.position))
  const place = `${migration.name}:${line}:${column}`
  const detail = error.detail === undefined ? '' : ` ${error.detail}`
  const state = error.code === undefined ? '' : ` (${error.code})`
  return new BanyanError(
    'BANYAN_MIGRATION_FAILED',
    `${place}: ${error.message}${state}.${detail} ${outcome(migration)}`,
    {
      hint: hintFor(migration, error),
      cause: error,
      details: { name: migration.name, file: migration.file, line, column, sqlState: error.code },
    },
  )
}

const outcome = ({ transaction }: Migration): string =>
  transaction
    ? 'This migration was rolled back; the ones before it stay.'
    : 'It runs without a transaction: the statements before this one stay.'

function hintFor({ transaction }: Migration, error: DatabaseError): string {
  if (error.code === '25001' && transaction) {
    return 'Mark the file `-- banyan: no-transaction`, and put nothing else into it.'
  }
  if (ourTrigger.test(`${error.message} ${error.detail}`)) {
    return 'A `by` or `unique` column of the config cannot be dropped or get another type. Take a `unique` one out of the config for this release, and declare it again in the next.'
  }
  return error.hint ?? 'Mend the file and run it again.'
}

/** Names the migration in an error that did not come from one of its statements. */
function explain(migration: Migration, signal: AbortSignal | undefined, error: unknown): unknown {
  if (signal?.aborted) {
    const left = migration.transaction ? 'was rolled back' : 'may have been done in part'
    return new BanyanError(
      'BANYAN_MIGRATION_CANCELLED',
      `${migration.name} was cancelled and ${left}.`,
      {
        hint: 'Start again: applied migrations are not run twice.',
        cause: error,
      },
    )
  }
  if (!BanyanError.is(error))
    return new BanyanError(
      'BANYAN_MIGRATION_FAILED',
      `${migration.name}: ${(error as Error).message}. ${outcome(migration)}`,
      {
        hint: 'Mend what the message says and run it again.',
        cause: error,
      },
    )
  if (error.code === 'BANYAN_MIGRATION_FAILED') return error
  const left = migration.transaction ? ' and was rolled back' : ''
  return new BanyanError(
    error.code,
    `${migration.name} did not pass the check of the tables${left}. ${error.message}`,
    {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
      details: { ...error.details, migration: migration.name },
    },
  )
}
