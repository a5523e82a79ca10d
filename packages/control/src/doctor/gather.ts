import { relative } from 'node:path'
import { BanyanError, type System } from '@banyan/model'
import { findControl } from '../api/find-control.ts'
import { choosePlace } from '../api/prepare-up.ts'
import type { StatePaths } from '../state/paths.ts'
import type { DatabaseFacts } from './database/facts.ts'
import type { Check } from './environment/check.ts'
import type { Facts } from './rule.ts'
import type { ReadPatterns } from './sources/ignore-rules.ts'
import type { Limits } from './sources/limits.ts'
import type { DatabaseSummary, Read } from './types.ts'

export type Gathered = {
  readonly facts: Facts
  readonly read: Read
  /** What became of asking the database. */
  readonly check: Check | null
}

/** Reads what the rules look at. Everything that is heavy is loaded here and not before. */
export async function gather(
  paths: StatePaths,
  system: System,
  options: {
    readonly config: string
    readonly readPatterns: ReadPatterns
    readonly limits: Limits
  },
): Promise<Gathered> {
  const [{ readSources }, { readStatements }, { readMigrationTexts }, { readSchema }] =
    await Promise.all([
      import('./sources/read-sources.ts'),
      import('./sql/statements.ts'),
      import('./sql/migration-files.ts'),
      import('./sql/schema.ts'),
    ])
  const code = await readSources(system, options)
  const sql = await readStatements(code.sources)
  const migrations = await readMigrationTexts(system, options)
  const schema = await readSchema(migrations.files)
  const { database, check } = await ask(paths, system)
  const { config } = options
  const { port } = await choosePlace(paths, { host: null, port: null })
  const facts = {
    system,
    config,
    port,
    sources: code.sources,
    web: code.web,
    statements: sql.statements,
    schema,
    database,
  }
  const notRead = [...code.notRead, ...migrations.notRead]
  const read: Read = {
    files: code.files,
    statements: sql.statements.length,
    statementsNotUnderstood: sql.notUnderstood,
    migrations: migrations.files.length,
    services: code.services,
    notRead: notRead.map(({ path, why }) => ({ path: relative(system.root, path) || '.', why })),
  }
  return { facts, read, check }
}

type Asked = { readonly database: DatabaseFacts | null; readonly check: Check | null }

/** A database that does not run is not started for this; an adopted one that is away is said. */
async function ask(paths: StatePaths, system: System): Promise<Asked> {
  if (system.data === null) return { database: null, check: null }
  const isOwn = system.data.url == null
  const name = 'database'
  if (isOwn && (await findControl(paths).catch(() => null)) === null) {
    const found = 'does not run, so that only the files were looked at'
    return {
      database: null,
      check: { name, outcome: 'ok', found, why: null, mend: null, rungs: [] },
    }
  }
  try {
    const { askDatabase } = await import('./database/ask.ts')
    const database = await askDatabase(paths, system)
    const found = `PostgreSQL ${database.version}, ${isOwn ? 'of this system' : 'adopted'}, asked as ${database.user}`
    return { database, check: { name, outcome: 'ok', found, why: null, mend: null, rungs: [] } }
  } catch (error) {
    if (!BanyanError.is(error)) throw error
    const outcome = isOwn ? 'advice' : 'failed'
    const mend = error.hint ?? null
    return {
      database: null,
      check: { name, outcome, found: error.message, why: null, mend, rungs: [] },
    }
  }
}

const shownTables = 10

export function summarize(database: DatabaseFacts | null): DatabaseSummary | null {
  if (database === null) return null
  const { adopted, version, user, bytes, settings, extensions, tables } = database
  const largest = tables.toSorted((a, b) => b.bytes - a.bytes).slice(0, shownTables)
  return {
    adopted,
    version,
    user,
    bytes,
    maxConnections: Number(settings.max_connections),
    walLevel: settings.wal_level ?? 'unknown',
    extensions,
    tables: largest.map(({ name, bytes: size }) => ({ name, bytes: size })),
  }
}
