import { BanyanError, type KeyType, type ShardedTable, type Table } from '@banyan/model'
import type { ClientBase } from 'pg'
import { removeNarrow, syncNarrow } from '../narrow/sync-narrow.ts'
import { lockSchemaSql } from '../schema.ts'
import { type Facts, readFacts, type TableFacts } from './facts.ts'
import { type Fault, findFaults, findMissing, keyTypeOf } from './faults.ts'
import { contentOf, fingerprintOf } from './fingerprint.ts'
import { installTable } from './install.ts'
import { removeUndeclared } from './remove.ts'

export type SyncOptions = {
  /**
   * Whether the tables have to be whole now (the default). While migrations are still to come they
   * need not be: a table that does not exist, or does not fit yet, is left as it is.
   */
  readonly complete?: boolean
  /** Narrow mode: policies let a scope see its own key only. Default: they are taken away. */
  readonly narrow?: boolean
  /**
   * Whether declared tables that do not exist are a fault (the default), or only told of: an app that
   * makes its tables itself makes them after this.
   */
  readonly missing?: 'refused' | 'tolerated'
  /** Whether the app serves meanwhile: what it is told to see of the rows stays as it is. Default false. */
  readonly serving?: boolean
}

export type Synced = {
  /** Null until a sharded table exists. */
  readonly keyType: KeyType | null
  /** What was done, a sentence each; empty when all was as it should be. */
  readonly changes: string[]
  /** What does not fit yet; when `complete`, at most tables that are missing and may be. */
  readonly faults: Fault[]
}

/**
 * Holds the database to the declared tables: checks them, and installs the triggers and lookups.
 * Runs in the caller's transaction, as the owner. When nothing has changed it only reads, once.
 *
 * @throws BANYAN_TABLES_INVALID with every fault, BANYAN_UNIQUE_DUPLICATES
 * @example await syncTables(owner, system.data.tables)
 */
export async function syncTables(
  owner: ClientBase,
  tables: readonly Table[],
  { complete = true, narrow = false, missing = 'refused', serving = false }: SyncOptions = {},
): Promise<Synced> {
  const path = await pinSearchPath(owner)
  const facts = await readFacts(owner, namesOf(tables))
  const absent = complete ? findMissing(tables, facts) : []
  const faults = [...findFaults(tables, facts), ...(missing === 'refused' ? absent : [])]
  if (complete && faults.length > 0) throw invalid(faults)
  const changes = await install(owner, tables, facts, complete, faults)
  // Between migrations there are no policies: each of them is to see the app's own tables.
  if (complete || serving) changes.push(...(await syncNarrow(owner, tables, narrow)))
  const keyType = keyTypeOf(tables, facts)
  await storeKeyType(owner, facts.keyType, keyType)
  await restoreSearchPath(owner, path)
  return { keyType, changes, faults: missing === 'tolerated' ? absent : faults }
}

/** Names of types are printed relative to the search path, so that it has to be the same always. */
async function pinSearchPath(owner: ClientBase): Promise<string> {
  const { rows } = await owner.query(
    `select path, set_config('search_path', 'public', true)
     from current_setting('search_path') as path`,
  )
  return rows[0].path
}

async function restoreSearchPath(owner: ClientBase, path: string): Promise<void> {
  await owner.query(`select set_config('search_path', $1, true)`, [path])
}

const namesOf = (tables: readonly Table[]): string[] => tables.map(({ name }) => name)

/**
 * Takes away what is no longer declared, and the policies of narrow mode, and does nothing else. Called
 * before a migration's own statements, so that it can drop or alter the columns. While a narrow system
 * serves (`narrow`), the policies of declared tables stay.
 */
export async function dropUndeclared(
  owner: ClientBase,
  tables: readonly Table[],
  { narrow = false }: { readonly narrow?: boolean } = {},
): Promise<void> {
  const path = await pinSearchPath(owner)
  const facts = await readFacts(owner, namesOf(tables))
  await removeUndeclared(owner, tables, facts)
  await removeNarrow(owner, narrow ? tables : [])
  await restoreSearchPath(owner, path)
}

async function install(
  owner: ClientBase,
  tables: readonly Table[],
  facts: Facts,
  complete: boolean,
  faults: Fault[],
): Promise<string[]> {
  const whole = tables.filter((table) => !lacksColumn(table, facts))
  const changes = await removeUndeclared(owner, whole, facts)
  const installed: ShardedTable[] = []
  for (const { table, found } of findOutdated(tables, facts, faults)) {
    const work = () => installTable(owner, table, found, facts)
    const done = complete ? await work() : await tolerateDuplicates(owner, table, faults, work)
    if (done.length > 0) installed.push(table)
    changes.push(...done)
  }
  if (changes.length === 0) return []
  await owner.query(lockSchemaSql)
  await remember(owner, installed)
  return changes
}

/** A renamed column took its triggers along, and every write would fail in their functions. */
function lacksColumn(table: Table, facts: Facts): boolean {
  const found = facts.tables.find(({ name }) => name === table.name)
  if (table.kind === 'reference' || found === undefined) return false
  const known = new Set(found.columns.map(({ name }) => name))
  return [table.by, ...table.unique.flat()].some((name) => !known.has(name))
}

/** A migration that is still to come may mend them; until then the table has no lookups. */
async function tolerateDuplicates(
  owner: ClientBase,
  table: ShardedTable,
  faults: Fault[],
  work: () => Promise<string[]>,
): Promise<string[]> {
  await owner.query('savepoint banyan_install')
  try {
    return await work()
  } catch (error) {
    if (!BanyanError.is(error) || error.code !== 'BANYAN_UNIQUE_DUPLICATES') throw error
    await owner.query('rollback to savepoint banyan_install')
    faults.push({ table: table.name, message: error.message, hint: error.hint ?? '' })
    return []
  } finally {
    await owner.query('release savepoint banyan_install').catch(() => {})
  }
}

/** The sharded tables that exist, fit, and are not as they were when they were installed. */
function findOutdated(
  tables: readonly Table[],
  facts: Facts,
  faults: readonly Fault[],
): { table: ShardedTable; found: TableFacts }[] {
  return tables.flatMap((table) => {
    const found = facts.tables.find(({ name }) => name === table.name)
    if (table.kind === 'reference' || found === undefined) return []
    if (faults.some((fault) => fault.table === table.name)) return []
    const installed = facts.installed.find(({ name }) => name === table.name)
    if (installed?.fingerprint === fingerprintOf(table, found, facts)) return []
    return [{ table, found }]
  })
}

/** Reads the catalog again and keeps what the next call compares with. */
async function remember(owner: ClientBase, tables: readonly ShardedTable[]): Promise<void> {
  const facts = await readFacts(owner, namesOf(tables))
  for (const table of tables) {
    const found = facts.tables.find(({ name }) => name === table.name) as TableFacts
    const partitions = found.partitions.map(({ oid }) => oid)
    const lookups = Object.fromEntries(
      table.unique.map((columns) => [
        columns.join(),
        contentOf(table, columns, found, facts, partitions),
      ]),
    )
    await owner.query(
      `insert into banyan.installed (name, fingerprint, table_oid, partitions, lookups)
       values ($1, $2, $3, $4, $5)
       on conflict (name) do update set fingerprint = excluded.fingerprint,
         table_oid = excluded.table_oid, partitions = excluded.partitions, lookups = excluded.lookups`,
      [table.name, fingerprintOf(table, found, facts), found.oid, partitions, lookups],
    )
  }
}

async function storeKeyType(
  owner: ClientBase,
  stored: KeyType | null,
  keyType: KeyType | null,
): Promise<void> {
  if (stored === keyType) return
  await owner.query('update banyan.settings set key_type = $1', [keyType])
}

function invalid(faults: readonly Fault[]): BanyanError {
  const lines = faults.map(({ table, message, hint }) => `- ${table}: ${message}. ${hint}`)
  return new BanyanError(
    'BANYAN_TABLES_INVALID',
    `${faults.length === 1 ? 'One fault' : `${faults.length} faults`} in the declared tables:\n${lines.join('\n')}`,
    {
      hint: 'Mend the migrations, or data.tables in the config, as each line says.',
      details: { faults },
    },
  )
}
