import type { DatabaseError } from 'pg'
import { cancellable } from './cancel.ts'
import { dropInvalid, findIndex, indexOf } from './concurrent-index.ts'
import type { Unfinished } from './judge-recorded.ts'
import type { Migration, Statement } from './migration.ts'
import { repeat } from './repeat.ts'
import { begin, clear, execute, finishMigration, subjectOf } from './run.ts'
import { isAtomic } from './statement-kinds.ts'
import { patiently, type Run, resetSession, transact } from './transact.ts'

/**
 * Runs a migration whose statements commit one by one. What is done is written down, with each
 * statement where it can be, so that an interruption goes on where it was.
 */
export async function runAlone(run: Run, migration: Migration, complete: boolean) {
  await transact(run, subjectOf(run, migration), async () => {
    await clear(run, run.tables)
    await begin(run, migration)
  })
  return await goOn(run, { migration, done: 0, attempted: 0 }, complete)
}

/** Goes on where a migration was interrupted. */
export async function goOn(
  run: Run,
  { migration, done, attempted }: Unfinished,
  complete: boolean,
) {
  for (const [at, statement] of migration.statements.entries()) {
    if (at >= done) await runOne(run, { migration, statement, at, resumed: attempted > at })
  }
  return await finishMigration(run, migration, complete)
}

type Turn = {
  readonly migration: Migration
  readonly statement: Statement
  readonly at: number
  /** It was begun before, and nobody knows how it ended. */
  readonly resumed: boolean
}

async function runOne(run: Run, turn: Turn): Promise<void> {
  const { migration, statement, at } = turn
  if (migration.repeat) await repeat(run, migration, statement)
  else if (!isAtomic(statement)) return await runLoose(run, turn)
  await transact(run, subjectOf(run, migration), async () => {
    if (!migration.repeat) await execute(run, migration, statement)
    await count(run, migration, at)
  })
}

/** What refuses a transaction, so that its end and the record of it are two. */
async function runLoose(run: Run, turn: Turn): Promise<void> {
  const { owner, signal } = run
  const { migration, statement, at } = turn
  const subject = subjectOf(run, migration)
  await patiently(run, subject, async () => {
    await resetSession(run)
    try {
      await cancellable(owner, signal, async () => {
        if (await isThere(run, turn)) return
        await owner.query('update banyan.migrations set attempted = $2 where name = $1', [
          migration.name,
          at + 1,
        ])
        await execute(run, migration, statement)
      })
    } catch (error) {
      await takeBack(run, turn, error)
      throw subject.explain(error)
    }
  })
  await count(run, migration, at)
}

/** An index that was built just before we were interrupted; one that is not whole goes first. */
async function isThere(run: Run, { migration, statement, resumed }: Turn): Promise<boolean> {
  const index = indexOf(statement)
  if (index === null) return false
  const found = await findIndex(run.owner, index)
  if (found === null) return false
  if (found.valid) return resumed
  run.say(`${migration.name} drops the index ${index.name}, which an interruption left half built`)
  await dropInvalid(run.owner, index)
  return false
}

/**
 * The server has said that the statement failed, so that it is known what it left: nothing, or an
 * index that is not whole, which would go on refusing rows. Of the file's first statement nothing at
 * all is left: it may be mended and run as if it were new.
 */
async function takeBack({ owner }: Run, turn: Turn, error: unknown): Promise<void> {
  const { migration, statement, at } = turn
  const index = indexOf(statement)
  const cause = (error as Error).cause as DatabaseError | undefined
  if (cause?.severity === undefined || index === null) return
  await dropInvalid(owner, index).catch(() => {})
  if ((await findIndex(owner, index).catch(() => ({ valid: false })))?.valid === false) return
  await owner
    .query(
      at === 0
        ? `delete from banyan.migrations where name = $1 and state = 'begun'`
        : `update banyan.migrations set attempted = statements where name = $1`,
      [migration.name],
    )
    .catch(() => {})
}

async function count({ owner }: Run, { name }: Migration, at: number): Promise<void> {
  await owner.query('update banyan.migrations set statements = $2 where name = $1', [name, at + 1])
}
