import { resolveSystem, type SystemInput } from '@banyan/model'
import type { DatabaseFacts, DatabaseTable } from './database/facts.ts'
import { judge } from './judge.ts'
import { ladder } from './ladder.ts'
import type { Facts, Finding } from './rule.ts'
import { parseSource } from './sources/parse.ts'
import type { Source } from './sources/source.ts'
import { readSchema } from './sql/schema.ts'
import { readStatements } from './sql/statements.ts'

/** An app in a few texts, for tests of rules. */
export type Texts = {
  readonly web?: string
  /** The name of the file, whose ending says how it is read. */
  readonly file?: string
  readonly migration?: string
  readonly tables?: NonNullable<SystemInput['data']>['tables']
  readonly url?: string
  readonly noData?: boolean
  readonly port?: number
  readonly database?: Partial<DatabaseFacts>
}

const root = '/srv/notes'

export async function factsOfTexts(texts: Texts): Promise<Facts> {
  const { web = '', file = 'web.ts', migration = '', tables = {}, url, noData } = texts
  const data = url === undefined ? { tables } : { tables, url }
  const input = { name: 'notes', services: { web: { run: 'node web.ts', routes: ['/'] } } }
  const system = resolveSystem(noData ? input : { ...input, data }, { root })
  const sources = [sourceOf(`${root}/${file}`, web)]
  return {
    system,
    config: `${root}/banyan.config.ts`,
    port: texts.port ?? 8080,
    sources,
    web: sources,
    statements: (await readStatements(sources)).statements,
    schema: await readSchema([{ file: `${root}/migrations/0001_first.sql`, sql: migration }]),
    database: texts.database === undefined ? null : databaseOf(texts.database),
  }
}

export function sourceOf(path: string, text: string): Source {
  const parsed = parseSource(path, text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.source
}

/** Everything that any rung would hear about the texts. */
export async function judgeTexts(texts: Texts): Promise<readonly Finding[]> {
  return judge(
    await factsOfTexts(texts),
    ladder.map(({ name }) => name),
  )
}

/** A database that fits every rung. */
const databaseOf = (facts: Partial<DatabaseFacts>): DatabaseFacts => ({
  adopted: true,
  version: '18.4',
  major: 18,
  user: 'ann',
  inRecovery: false,
  bytes: 8_000_000,
  settings: {
    wal_level: 'logical',
    max_connections: '100',
    max_wal_senders: '10',
    max_replication_slots: '10',
    max_prepared_transactions: '100',
  },
  sessions: 1,
  role: { superuser: false, replication: true },
  extensions: [],
  largeObjects: false,
  collationChanged: false,
  tables: [],
  ...facts,
})

export const databaseTable = (facts: Partial<DatabaseTable>): DatabaseTable => ({
  name: 'notes',
  bytes: 8_192,
  unlogged: false,
  primaryKey: ['id'],
  replicaIdentity: 'default',
  uniques: [],
  ...facts,
})
