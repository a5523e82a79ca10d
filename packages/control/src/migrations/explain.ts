import { BanyanError } from '@banyan/model'
import type { DatabaseError } from 'pg'
import type { Migration, Statement } from './migration.ts'
import { placeInFile } from './sql.ts'

/** In a message of the server. */
export const ourTrigger = /trigger "?[01~]_?banyan/

/** The file and place, the server's code and words, and its detail and hint where it gave them. */
export function failed(
  migration: Migration,
  statement: Statement,
  error: DatabaseError,
): BanyanError {
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
export function explain(
  migration: Migration,
  signal: AbortSignal | undefined,
  error: unknown,
): unknown {
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
  if (error.code.startsWith('BANYAN_MIGRATION_')) return error
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
