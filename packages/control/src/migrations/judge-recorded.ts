import { BanyanError } from '@banyan/model'
import { type Migration, numberOf, type Recorded } from './migration.ts'
import { isRepeatable } from './statement-kinds.ts'

/** A migration without a transaction that has begun and goes on. */
export type Unfinished = {
  readonly migration: Migration
  /** How many statements are done. */
  readonly done: number
  /** How many were begun. */
  readonly attempted: number
}

export type Judged = {
  readonly pending: readonly Migration[]
  readonly finishing: Unfinished | null
  /** Applied, and not in the folder: an undone release's expansions stay. */
  readonly absent: readonly string[]
}

/**
 * Compares the folder with what the database says was applied.
 *
 * A new file numbered below an applied one is refused: here it would run after, in a new database
 * before the other, and the two databases would differ in a way that nobody sees. To give it the
 * next number costs nothing, as it has not run here.
 *
 * @throws BANYAN_MIGRATION_EDITED, BANYAN_MIGRATION_UNFINISHED, BANYAN_MIGRATIONS_INVALID
 */
export function judgeRecorded(
  migrations: readonly Migration[],
  recorded: readonly Recorded[],
): Judged {
  const rows = new Map(recorded.map((row) => [row.name, row]))
  const names = new Set(migrations.map(({ name }) => name))
  refuseEdited(migrations, rows)
  const finishing = findUnfinished(migrations, recorded)
  const pending = migrations.filter(({ name }) => !rows.has(name))
  refuseLate(pending, recorded)
  const absent = recorded.filter(({ name }) => !names.has(name)).map(({ name }) => name)
  return { pending, finishing, absent }
}

function refuseEdited(migrations: readonly Migration[], rows: ReadonlyMap<string, Recorded>): void {
  const edited = migrations.flatMap(({ name, checksum }) => {
    const row = rows.get(name)
    const isEdited = row?.state === 'applied' && row.checksum !== checksum
    return isEdited ? [{ name, applied: row.applied?.toISOString() ?? 'unknown' }] : []
  })
  if (edited.length === 0) return
  const list = edited.map(({ name, applied }) => `${name} (applied ${applied})`).join(', ')
  throw new BanyanError(
    'BANYAN_MIGRATION_EDITED',
    `${list} ${edited.length === 1 ? 'was' : 'were'} changed after being applied; nothing was run.`,
    {
      hint: 'Restore the file from version control, and write the change as a new migration; what a release applied that was undone stays applied as well.',
      details: { edited },
    },
  )
}

/** Of a file that is no longer there nothing is to be done: a release that began it was undone. */
function findUnfinished(
  migrations: readonly Migration[],
  recorded: readonly Recorded[],
): Unfinished | null {
  const row = recorded.find(
    ({ state, name }) => state === 'begun' && migrations.some((one) => one.name === name),
  )
  if (row === undefined) return null
  const migration = migrations.find(({ name }) => name === row.name)
  if (migration?.checksum !== row.checksum) throw unfinished(row, undefined)
  const done = row.statements
  const attempted = row.attempted ?? done + 1
  const next = migration.statements[done]
  const goesOn = next === undefined || attempted <= done || migration.repeat || isRepeatable(next)
  if (goesOn) return { migration, done, attempted }
  throw unfinished(row, migration)
}

function unfinished(row: Recorded, migration: Migration | undefined): BanyanError {
  const next = migration?.statements[row.statements]
  const where =
    next === undefined
      ? 'The file has changed since.'
      : `Statement ${row.statements + 1} of ${migration?.statements.length}, at line ${next.line}, may be done, undone or half done: ${excerpt(next.sql)}`
  return new BanyanError(
    'BANYAN_MIGRATION_UNFINISHED',
    `${row.name} runs without a transaction, began at ${row.began.toISOString()} and did not finish; ${row.statements} of its statements are done. ${where}`,
    {
      hint: `Look at what it left. Then, as the owner, either undo what is done and run \`delete from banyan.migrations where name = '${row.name}'\` to run it again, or do the rest by hand and run \`update banyan.migrations set state = 'applied', applied = now() where name = '${row.name}'\`.`,
      details: { name: row.name, done: row.statements, began: row.began.toISOString() },
    },
  )
}

const excerpt = (sql: string): string => {
  const line = sql.replace(/\s+/g, ' ')
  return line.length > 120 ? `${line.slice(0, 120)}…` : line
}

function refuseLate(pending: readonly Migration[], recorded: readonly Recorded[]): void {
  const last = recorded.reduce<Recorded | null>(
    (latest, row) => (latest === null || numberOf(row.name) > numberOf(latest.name) ? row : latest),
    null,
  )
  const late = last === null ? [] : pending.filter(({ number }) => number <= numberOf(last.name))
  if (last === null || late.length === 0) return
  const next = Math.max(numberOf(last.name), ...pending.map(({ number }) => number)) + 1
  throw new BanyanError(
    'BANYAN_MIGRATIONS_INVALID',
    `${late.map(({ name }) => name).join(', ')} would come before ${last.name}, which was applied already; nothing was run.`,
    {
      hint: `Give new migrations the numbers from ${next} on. An applied one keeps its name.`,
      details: { late: late.map(({ name }) => name), last: last.name },
    },
  )
}
