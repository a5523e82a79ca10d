import { BanyanError, type Table } from '@banyan/model'
import type { Client } from 'pg'
import { judgeRecorded } from './judge-recorded.ts'
import { judgeLoad, sentenceOf } from './load/judge-load.ts'
import { judgeUnique } from './load/judge-unique.ts'
import type { Migration, Phase, Recorded } from './migration.ts'
import { choosePending } from './phase.ts'
import { readMigrations } from './read.ts'
import { sheds, uniteTables } from './union.ts'

/** What migrating would do, and what stands against it. */
export type Preflight = {
  /** Every migration that has not run, in order, contract migrations among them. */
  readonly pending: readonly string[]
  /**
   * What waits until no node of the release before is left: the contract migrations, and `data.tables`
   * where that release declares something that this one does not, as its triggers and lookups go then.
   */
  readonly contracts: readonly string[]
  /** Why it cannot be done, with the mend, one sentence or more each. Empty: nothing is known against it. */
  readonly reasons: readonly string[]
}

export const nothingToDo: Preflight = { pending: [], contracts: [], reasons: [] }

export type PreflightOptions = {
  readonly owner: Client
  readonly folder: string | null
  readonly tables: readonly Table[]
  readonly alongside: readonly Table[] | null
  readonly phase: Phase
}

/** Looks at the folder and the database, changes nothing, and throws only when it cannot look. */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const { owner, folder, tables, alongside, phase } = options
  const reasons: string[] = []
  const pending = await tryTo(reasons, async () => await findPending(owner, folder))
  await tryTo(reasons, async () => uniteTables(tables, alongside))
  await tryTo(reasons, async () => choosePending(pending ?? [], phase))
  if (phase !== 'whole') {
    const faults = [
      ...(await judgeLoad(owner, pending ?? [])),
      ...(await judgeUnique(owner, tables)),
    ]
    reasons.push(...faults.map(sentenceOf))
  }
  return {
    pending: (pending ?? []).map(({ name }) => name),
    contracts: waiting(pending ?? [], tables, alongside),
    reasons,
  }
}

/** The contract migrations, and the tables where the other release declares what this one does not. */
export function waiting(
  pending: readonly Migration[],
  tables: readonly Table[],
  alongside: readonly Table[] | null,
): readonly string[] {
  return [
    ...pending.flatMap(({ name, contract }) => (contract ? [name] : [])),
    ...(sheds(tables, alongside) ? ['data.tables'] : []),
  ]
}

async function findPending(owner: Client, folder: string | null): Promise<readonly Migration[]> {
  if (folder === null) return []
  const { pending, finishing } = judgeRecorded(
    await readMigrations(folder),
    await readRecorded(owner),
  )
  return finishing === null ? pending : [finishing.migration, ...pending]
}

export async function readRecorded(owner: Client): Promise<Recorded[]> {
  const { rows } = await owner.query('select * from banyan.migrations order by name')
  return rows
}

/** One refusal does not hide the others. */
async function tryTo<Result>(
  reasons: string[],
  work: () => Promise<Result>,
): Promise<Result | null> {
  try {
    return await work()
  } catch (error) {
    if (!BanyanError.is(error)) throw error
    reasons.push([error.message, error.hint].filter((words) => words !== undefined).join(' '))
    return null
  }
}
