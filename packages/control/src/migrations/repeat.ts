import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import { quoteName } from '@banyan/postgres'
import type { Migration, Statement } from './migration.ts'
import { execute, subjectOf } from './run.ts'
import { type Run, type Subject, transact } from './transact.ts'

const tellEveryMs = 5_000
/** The app gets the server to itself for so many times as long as a batch took. */
const restPerBatch = 2
const restMs = { least: 5, most: 5_000 }

/**
 * Runs a statement again and again, each time in a transaction of its own, until it changes no row.
 * While the app serves there is a rest after each batch, the longer the slower the server is.
 */
export async function repeat(run: Run, migration: Migration, statement: Statement): Promise<void> {
  const subject = subjectOf(run, migration)
  const rowsMax = await rowsUntilEndless(run, statement)
  const began = performance.now()
  let toldAt = began
  for (let total = 0; ; ) {
    const batchBegan = performance.now()
    const rows = await transact(run, subject, () => execute(run, migration, statement))
    if (rows === 0) return
    total += rows
    if (total > rowsMax) throw endless(migration, statement, total)
    const now = performance.now()
    if (now - toldAt > tellEveryMs) {
      run.say(
        `${migration.name} has changed ${total} rows in ${Math.round((now - began) / 1000)} s`,
      )
      toldAt = now
    }
    if (run.serving) await rest(run, subject, now - batchBegan)
  }
}

async function rest({ signal }: Run, subject: Subject, batchMs: number): Promise<void> {
  const ms = Math.min(restMs.most, Math.max(restMs.least, batchMs * restPerBatch))
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    throw subject.explain(error)
  })
}

/**
 * An UPDATE that does not leave out what it has done never ends: it has changed every row more than
 * twice by then. Another statement takes rows away, or adds what was missing.
 */
async function rowsUntilEndless({ owner }: Run, { kind, node }: Statement): Promise<number> {
  if (kind !== 'UpdateStmt') return Number.POSITIVE_INFINITY
  const { schemaname, relname } = node.relation as { schemaname?: string; relname: string }
  const table = [schemaname, relname]
    .filter((part) => part !== undefined)
    .map(quoteName)
    .join('.')
  const { rows } = await owner.query(`select count(*)::float8 as rows from ${table}`)
  return 2 * rows[0].rows + 10_000
}

function endless({ name }: Migration, { line }: Statement, total: number): BanyanError {
  return new BanyanError(
    'BANYAN_MIGRATION_FAILED',
    `${name}:${line}: it has changed ${total} rows, more than twice as many as the table has, and would not end.`,
    {
      hint: 'A repeated statement leaves out the rows that it has done: `… where id in (select id from t where x is null limit 1000)`.',
    },
  )
}
