import type { KeyType, Table } from '@banyan/model'
import { BanyanError } from '@banyan/model'
import { findNotNarrow, syncTables } from '@banyan/postgres'
import type { Client, ClientConfig } from 'pg'
import { goOn, runAlone } from './alone.ts'
import { placeOf } from './cancel.ts'
import { judgeRecorded } from './judge-recorded.ts'
import { refuseLoad } from './load/judge-load.ts'
import { withMigrationLock } from './lock.ts'
import type { Migration, Phase } from './migration.ts'
import { type Patience, patienceByDefault } from './patience.ts'
import { choosePending } from './phase.ts'
import { readRecorded, waiting } from './preflight.ts'
import { runMigration } from './run.ts'
import { type Run, transact } from './transact.ts'
import { uniteTables } from './union.ts'
import { Watch } from './watch.ts'

export type { Migration } from './migration.ts'
export { readMigrations } from './read.ts'

/** What `onProgress` is told: a sentence, and for an applied migration its name and duration. */
export type Progress = { readonly name?: string; readonly ms?: number }

export type ApplyOptions = {
  /** Connected as the owner of the database, to a database that `prepareDatabase` has made. */
  readonly owner: Client
  readonly migrations: readonly Migration[]
  readonly tables: readonly Table[]
  /** What the release that still runs declares: it stays until the contract phase. Default: none runs. */
  readonly alongside?: readonly Table[] | null
  /** Default `whole`: nothing else runs, so that nobody is held up. */
  readonly phase?: Phase
  /** Whether processes of the app run, whom a lock would hold up. Default: in every phase but `whole`. */
  readonly serving?: boolean
  /** Connects as somebody who sees what every session does. Default: as the owner. */
  readonly watcher?: ClientConfig
  readonly patience?: Partial<Patience>
  /** Whether the policies of narrow mode are to be there afterwards. Default: they are taken away. */
  readonly narrow?: boolean
  /** Whether declared tables may be missing, because the app makes them itself. */
  readonly missing?: 'refused' | 'tolerated'
  readonly onProgress?: (sentence: string, progress: Progress) => void
  /** Cancels the running migration and rolls it back. */
  readonly signal?: AbortSignal
}

export type Applied = {
  /** The names that this call applied, in order. */
  readonly applied: string[]
  /** Applied earlier, and no longer in the folder. */
  readonly absent: readonly string[]
  /** What waits until nothing older runs, by the names that `preflight` gives it. */
  readonly contracts: readonly string[]
  readonly keyType: KeyType | null
}

/**
 * Applies the migrations that the database has not had, one runner at a time, and holds the
 * database to the declared tables. Each is a transaction that includes that check.
 *
 * @throws BANYAN_MIGRATION_EDITED, BANYAN_MIGRATION_UNFINISHED, BANYAN_MIGRATION_FAILED,
 *   BANYAN_MIGRATION_CANCELLED, BANYAN_MIGRATIONS_INVALID, BANYAN_TABLES_INVALID,
 *   BANYAN_UNIQUE_DUPLICATES, BANYAN_MIGRATION_BLOCKED, BANYAN_MIGRATION_UNSAFE
 * @example await applyMigrations({ owner, migrations: await readMigrations(folder), tables })
 */
export async function applyMigrations(options: ApplyOptions): Promise<Applied> {
  const { owner, signal, onProgress } = options
  const watch = new Watch(options.watcher ?? placeOf(owner))
  try {
    const onWait = () => onProgress?.('waiting for another migration to finish', {})
    return await withMigrationLock(owner, signal, onWait, () => applyPending(options, watch))
  } catch (error) {
    if (BanyanError.is(error) || !signal?.aborted) throw error
    throw new BanyanError(
      'BANYAN_MIGRATION_CANCELLED',
      'Migrating was cancelled; nothing was half done.',
      {
        hint: 'Start again: applied migrations are not run twice.',
        cause: error,
      },
    )
  } finally {
    await watch.close()
  }
}

async function applyPending(options: ApplyOptions, watch: Watch): Promise<Applied> {
  const { owner, onProgress, signal, narrow = false, phase = 'whole' } = options
  const tables = uniteTables(options.tables, options.alongside ?? null)
  const run: Run = {
    owner,
    tables,
    narrow,
    serving: options.serving ?? phase !== 'whole',
    beside: (options.alongside ?? null) !== null,
    patience: { ...patienceByDefault, ...options.patience },
    watch,
    signal,
    say: (sentence) => onProgress?.(sentence, {}),
  }
  const judged = judgeRecorded(options.migrations, await readRecorded(owner))
  const { finishing, absent } = judged
  const pending = choosePending(judged.pending, phase)
  // What has begun went through this before it began.
  if (run.serving) await refuseLoad(owner, phase === 'expand' ? judged.pending : pending, tables)
  for (const name of absent)
    onProgress?.(`${name} was applied earlier and is not in the folder`, { name })
  const applied: string[] = []
  let keyType: KeyType | null = null
  const step = async ({ name }: Migration, work: () => Promise<KeyType | null>) => {
    const startMs = performance.now()
    keyType = await work()
    const ms = performance.now() - startMs
    applied.push(name)
    onProgress?.(`applied ${name} in ${Math.round(ms)} ms`, { name, ms })
  }
  if (finishing !== null) {
    await step(finishing.migration, () => goOn(run, finishing, pending.length === 0))
  }
  for (const migration of pending) {
    const runOne = migration.transaction ? runMigration : runAlone
    await step(migration, () => runOne(run, migration, migration === pending.at(-1)))
  }
  if (applied.length === 0) keyType = await syncAlone(run, options)
  if (narrow) for (const words of await findNotNarrow(owner, tables)) onProgress?.(words, {})
  const contracts =
    phase === 'expand' ? waiting(judged.pending, options.tables, options.alongside ?? null) : []
  return { applied, absent, contracts, keyType }
}

/** Nothing to apply: the config may have changed all the same. */
async function syncAlone(
  run: Run,
  { missing = 'refused', onProgress }: ApplyOptions,
): Promise<KeyType | null> {
  const { owner, tables, narrow, serving } = run
  const subject = { name: 'the check of the tables', explain: (error: unknown) => error }
  const { keyType, faults } = await transact(run, subject, () =>
    syncTables(owner, tables, { narrow, missing, serving }),
  )
  for (const { table } of faults) onProgress?.(notYet(table), {})
  return keyType
}

const notYet = (table: string): string =>
  `the declared table "${table}" does not exist yet: once the app has made it, the next start takes it in`
