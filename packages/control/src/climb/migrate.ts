import { join } from 'node:path'
import type { System } from '@banyan/model'
import {
  adminRole,
  grantNarrow,
  hasNarrow,
  ownerRole,
  prepareDatabase,
  proofSql,
  revokeNarrow,
} from '@banyan/postgres'
import type { Client } from 'pg'
import { listAttached } from '../attached/attachments.ts'
import type { Phase } from '../migrations/migration.ts'
import { listNames } from '../migrations/names.ts'
import { nothingToDo, type Preflight } from '../migrations/preflight.ts'
import { writeJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { applyInProcess, type MigrationDone, type MigrationJob } from './apply-in-process.ts'
import { type Context, databaseName, isNarrow } from './context.ts'
import { placeOfPrimary, withClient } from './with-client.ts'

/** Which migrations run now, and for whom. */
export type Migrating = {
  /** Whose migrations and declared tables. */
  readonly system: System
  /**
   * `whole`: nothing older runs, so everything is applied. `expand`: all but the contract migrations,
   * under load. `contract`: those, once nothing older runs.
   */
  readonly phase: Phase
  /** The release that still runs, whose lookups, triggers and policies stay until `contract`. */
  readonly alongside: System | null
}

/**
 * Brings the database to what the system needs: roles, schema, migrations, lookups. Idempotent. Gives
 * what waits until nothing older runs.
 */
export async function migrate(
  context: Context,
  migrating: Migrating,
  signal: AbortSignal,
): Promise<{ readonly contracts: readonly string[] }> {
  const { connections, wasNarrow } = await prepare(context)
  if (context.settings.proves === true) await makeProofTables(context)
  signal.throwIfAborted()
  const { keyType, contracts = [] } = await applyAll(context, migrating, wasNarrow, signal)
  if (isNarrow(context) || wasNarrow) await switchNarrow(context)
  context.learned = { keyType, connections }
  await writeJson(learnedFile(context.paths.directory), { format: 1, ...context.learned })
  return { contracts }
}

export function learnedFile(directory: string): string {
  return join(directory, 'catalog.json')
}

async function prepare(
  context: Context,
): Promise<{ readonly connections: number; readonly wasNarrow: boolean }> {
  const { secrets, system } = context
  const { ownerPassword, appPassword, adminPassword } = secrets
  return await withClient(context, adminRole, adminPassword, 'postgres', async (admin) => {
    await prepareDatabase(admin, { database: databaseName(system), ownerPassword, appPassword })
    const { rows } = await admin.query('show max_connections')
    return {
      connections: Number(rows[0]?.max_connections),
      wasNarrow: await hasNarrow(admin),
    }
  })
}

/**
 * Gives the role of narrow mode or takes it back. After the migrations, which decide whether the app
 * has policies of its own. Roles are the server's: one at a time changes them, and none is taken from
 * under the command of an `exec --fresh`, which may be narrow where the system is not.
 */
export async function switchNarrow(context: Context): Promise<void> {
  const { secrets, system, paths } = context
  const { adminPassword, widePassword } = secrets
  const asAdmin = (database: string, use: (admin: Client) => Promise<void>): Promise<void> =>
    withClient(context, adminRole, adminPassword, database, use)
  await asAdmin('postgres', async (guard) => {
    await guard.query(`select pg_advisory_lock(hashtext('banyan narrow'))`)
    await asAdmin(databaseName(system), async (admin) => {
      if (isNarrow(context))
        await grantNarrow(admin, system.data?.migrations == null ? null : widePassword)
      else if (!hasFresh(paths)) await revokeNarrow(admin)
    })
  })
}

/** A dead one counts as well, until its database is dropped: in that the role may own something. */
const hasFresh = (paths: StatePaths): boolean =>
  listAttached(paths).some(({ freshDatabase }) => freshDatabase !== null)

/** They stay when a later `up` offers no proof: they are few, empty after each proof, and in no way. */
async function makeProofTables(context: Context): Promise<void> {
  const { secrets, system } = context
  await withClient(context, ownerRole, secrets.ownerPassword, databaseName(system), (owner) =>
    owner.query(proofSql),
  )
}

async function applyAll(
  context: Context,
  migrating: Migrating,
  wasNarrow: boolean,
  signal: AbortSignal,
): Promise<Omit<MigrationDone, 'kind'>> {
  const job = jobOf(context, migrating)
  // Policies of tables that were declared once are still to be taken away.
  if (job === null || (!hasWork(job) && !wasNarrow)) return { keyType: null }
  const { events } = context
  return await applyInProcess(job, signal, (words) =>
    events.add({ type: 'progress', sentence: asSentence(words) }),
  )
}

/** What the process that migrates is told; null for a system without data of ours. */
function jobOf(
  context: Context,
  { system, phase, alongside }: Migrating,
): Omit<MigrationJob, 'only'> | null {
  const { data } = system
  if (data === null || data.url !== null) return null
  const { secrets } = context
  return {
    ...placeOfPrimary(context),
    user: ownerRole,
    password: secrets.ownerPassword,
    database: databaseName(system),
    watcher: { user: adminRole, password: secrets.adminPassword },
    folder: data.migrations,
    tables: data.tables,
    alongside: alongside === null ? null : (alongside.data?.tables ?? []),
    phase,
    serving: phase !== 'whole' && isServing(context),
    narrow: isNarrow(context),
  }
}

/** Whether any process of the app runs, whom a lock would hold up. */
const isServing = ({ keepers }: Context): boolean =>
  keepers.all.some(({ driver, facts }) => driver.release !== undefined && facts.running)

const hasWork = ({ folder, tables, alongside }: MigrationJob): boolean =>
  folder !== null || tables.length > 0 || (alongside ?? []).length > 0

/**
 * What migrating to a system would do, and every reason why it cannot be done beside the release that
 * runs: found in the folder and in the running database, before the first effect.
 */
export async function preflight(
  context: Context,
  system: System,
  alongside: System | null,
  signal: AbortSignal = new AbortController().signal,
): Promise<Preflight> {
  const phase = alongside === null ? 'whole' : 'expand'
  const job = jobOf(context, { system, phase, alongside })
  if (job === null || !hasWork(job)) return nothingToDo
  const done = await applyInProcess({ ...job, only: 'preflight' }, signal, () => {})
  return done.preflight ?? nothingToDo
}

/**
 * The contract migrations that have run, and that the folder of an older release does not have: what
 * they took away, it would miss.
 */
export async function contractsMissingIn(context: Context, system: System): Promise<string[]> {
  const { data } = system
  if (data === null || data.url !== null) return []
  const known = new Set(data.migrations === null ? [] : await listNames(data.migrations))
  const { ownerPassword } = context.secrets
  return await withClient(
    context,
    ownerRole,
    ownerPassword,
    databaseName(system),
    async (owner) => {
      // One that has begun counts as well: it may have taken away what it was to.
      const { rows } = await owner.query<{ name: string }>(
        'select name from banyan.migrations where contract order by name',
      )
      return rows.flatMap(({ name }) => (known.has(name) ? [] : [name]))
    },
  )
}

function asSentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${words.endsWith('.') ? '' : '.'}`
}
