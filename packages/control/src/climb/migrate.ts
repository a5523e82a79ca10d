import { join } from 'node:path'
import {
  adminRole,
  grantNarrow,
  hasNarrow,
  ownerRole,
  prepareDatabase,
  proofSql,
  revokeNarrow,
} from '@banyan/postgres'
import { Client } from 'pg'
import { listAttached } from '../attached/attachments.ts'
import { writeJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { applyInProcess } from './apply-in-process.ts'
import { type Context, databaseName, dataMembers, isNarrow } from './context.ts'

/** Brings the database to what the system needs: roles, schema, migrations, lookups. Idempotent. */
export async function migrate(context: Context, signal: AbortSignal): Promise<void> {
  const { connections, wasNarrow } = await prepare(context)
  if (context.settings.proves === true) await makeProofTables(context)
  signal.throwIfAborted()
  const { keyType } = await applyAll(context, wasNarrow, signal)
  if (isNarrow(context) || wasNarrow) await switchNarrow(context)
  context.learned = { keyType, connections }
  await writeJson(learnedFile(context.paths.directory), { format: 1, ...context.learned })
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

async function applyAll(context: Context, wasNarrow: boolean, signal: AbortSignal) {
  const { system, secrets, events } = context
  if (system.data === null) return { keyType: null }
  const { migrations: folder, tables } = system.data
  // Policies of tables that were declared once are still to be taken away.
  if (folder === null && tables.length === 0 && !wasNarrow) return { keyType: null }
  const job = {
    ...memberOf(context),
    user: ownerRole,
    password: secrets.ownerPassword,
    database: databaseName(system),
    folder,
    tables,
    narrow: isNarrow(context),
  }
  return await applyInProcess(job, signal, (words) =>
    events.add({ type: 'progress', sentence: asSentence(words) }),
  )
}

function memberOf(context: Context): { host: string; port: number } {
  const [member] = dataMembers(context)
  if (member === undefined) throw new Error('the topology has no data node')
  return member
}

function asSentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${words.endsWith('.') ? '' : '.'}`
}

async function withClient<Result>(
  context: Context,
  user: string,
  password: string,
  database: string,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({
    ...memberOf(context),
    user,
    password,
    database,
    application_name: 'banyan control',
  })
  // Without a listener, a server that dies while nothing is asked would end this process.
  client.on('error', () => {})
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
