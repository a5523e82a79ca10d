import type { KeyType, ShardedTable, Table } from '@banyan/model'
import type { ColumnFacts, Facts, IndexFacts, TableFacts } from './facts.ts'
import { constraintNameOf, lookupOf } from './names.ts'

/** One way in which a declared table does not fit, and the mend. */
export type Fault = { readonly table: string; readonly message: string; readonly hint: string }

const keyTypes: Record<string, KeyType> = { uuid: 'uuid', bigint: 'bigint', text: 'text' }

/**
 * Judges the declared tables by what the catalog says: everything that is wrong, at once. A table
 * that does not exist yet is left out; `findMissing` names those.
 */
export function findFaults(tables: readonly Table[], facts: Facts): Fault[] {
  const faults = tables.flatMap((table) => {
    const found = facts.tables.find(({ name }) => name === table.name)
    if (found === undefined) return []
    const general = findRelationFaults(found, facts.user)
    if (table.kind === 'reference' || (found.kind !== 'r' && found.kind !== 'p')) return general
    return [
      ...general,
      ...findKeyFaults(table, found),
      ...findIndexFaults(table, found),
      ...findUniqueFaults(table, found),
    ]
  })
  return [...faults, ...findKeyTypeFaults(tables, facts), ...findNameFaults(tables)]
}

/** The declared tables that the database does not have. */
export function findMissing(tables: readonly Table[], facts: Facts): Fault[] {
  const known = new Set(facts.tables.map(({ name }) => name))
  return tables
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => ({
      table: name,
      message: 'the table does not exist in the schema public',
      hint: 'Create it in a migration, or remove it from data.tables.',
    }))
}

/** The key type of the system: that of the first sharded table which exists. */
export function keyTypeOf(tables: readonly Table[], facts: Facts): KeyType | null {
  for (const { type } of keyColumns(tables, facts)) {
    const keyType = keyTypes[type]
    if (keyType !== undefined) return keyType
  }
  return null
}

function keyColumns(tables: readonly Table[], facts: Facts): { table: string; type: string }[] {
  return tables.flatMap((table) => {
    if (table.kind === 'reference') return []
    const found = facts.tables.find(({ name }) => name === table.name)
    const column = found?.columns.find(({ name }) => name === table.by)
    return column === undefined ? [] : [{ table: table.name, type: column.type }]
  })
}

function findKeyTypeFaults(tables: readonly Table[], facts: Facts): Fault[] {
  const columns = keyColumns(tables, facts).filter(({ type }) => type in keyTypes)
  const first = columns[0]
  return columns
    .filter(({ type }) => type !== first?.type)
    .map(({ table, type }) => ({
      table,
      message: `its shard key is ${type}, that of "${first?.table}" is ${first?.type}`,
      hint: 'A system has one key space: give every shard key the same type.',
    }))
}

/** Underscores may make one name of two: `a_b` with `c`, and `a` with `b_c`. */
function findNameFaults(tables: readonly Table[]): Fault[] {
  const owners = new Map<string, string>()
  const faults: Fault[] = []
  for (const table of tables) {
    for (const columns of table.kind === 'sharded' ? table.unique : []) {
      const what = `${table.name} (${columns.join(', ')})`
      const names = [lookupOf(table.name, columns).name, constraintNameOf(table.name, columns)]
      const taken = names.map((name) => owners.get(name)).find((owner) => owner !== undefined)
      for (const name of names) owners.set(name, what)
      if (taken === undefined) continue
      faults.push({
        table: table.name,
        message: `the lookups of ${what} and ${taken} would have one name`,
        hint: 'Declare it once, or rename a column.',
      })
    }
  }
  return faults
}

function findRelationFaults(table: TableFacts, user: string): Fault[] {
  const faults: Fault[] = []
  const add = (message: string, hint: string) => faults.push({ table: table.name, message, hint })
  const kinds: Record<string, string> = {
    v: 'a view',
    m: 'a materialised view',
    f: 'a foreign table',
  }
  const kind = kinds[table.kind]
  if (kind !== undefined) add(`it is ${kind}, not a table`, 'Declare the table behind it instead.')
  if (table.isPartition) add('it is a partition', 'Declare the partitioned table above it instead.')
  if (table.kind === 'r' && table.partitions.length > 0) {
    add('other tables inherit from it', 'Use declarative partitioning, or separate tables.')
  }
  for (const { name } of table.partitions.filter((partition) => partition.kind === 'f')) {
    add(`its partition "${name}" is a foreign table`, 'Detach it: its rows are out of our reach.')
  }
  if (table.persistence === 'u') {
    add('it is unlogged, so a crash empties it', 'Run `alter table … set logged` in a migration.')
  }
  if (table.forcesRowSecurity) {
    add(
      'it forces row security on its owner, who has to see every row',
      'Run `alter table … no force row level security`: services are not the owner, and stay under its policies.',
    )
  }
  if (table.owner !== user) {
    add(`it belongs to "${table.owner}"`, `Run \`alter table … owner to ${user}\` as a superuser.`)
  }
  return faults
}

function findKeyFaults(table: ShardedTable, found: TableFacts): Fault[] {
  const faults: Fault[] = []
  const add = (message: string, hint: string) => faults.push({ table: table.name, message, hint })
  const column = found.columns.find(({ name }) => name === table.by)
  if (column === undefined) return [missingColumn(found, table.by, 'by')]
  const key = `its shard key "${table.by}"`
  if (!(column.type in keyTypes)) {
    add(`${key} is ${column.type}`, 'A shard key is uuid, bigint or text: alter its type.')
  }
  if (!column.notNull)
    add(`${key} may be null`, 'Run `alter column … set not null` in a migration.')
  if (column.generated !== '') add(`${key} is generated`, 'Make it an ordinary column.')
  if (!column.deterministic) {
    add(`${key} has a nondeterministic collation`, 'Equal keys need equal bytes: use another one.')
  }
  const primary = found.indexes.find((index) => index.primary && index.table === found.name)
  if (primary === undefined) {
    add('it has no primary key', `Add one that contains "${table.by}".`)
  } else if (!primary.columns.includes(table.by)) {
    add(
      `its primary key (${list(primary)}) does not contain the shard key "${table.by}"`,
      `Make it primary key (${table.by}, ${list(primary)}).`,
    )
  }
  return faults
}

function findIndexFaults(table: ShardedTable, found: TableFacts): Fault[] {
  const foreign = found.indexes.filter(
    ({ columns, primary }) => !primary && !columns.includes(table.by),
  )
  const exclusions = found.exclusions.filter(({ equal }) => !equal.includes(table.by))
  return [
    ...foreign.map((index) => ({
      table: table.name,
      message: `the unique index "${index.name}" (${list(index)}) does not contain the shard key "${table.by}", so it would hold on one shard only`,
      hint: hintForIndex(table, index),
    })),
    ...exclusions.map(({ name }) => ({
      table: table.name,
      message: `the exclusion constraint "${name}" does not compare the shard key "${table.by}" by =`,
      hint: `Add "${table.by} with =" to it: rows of other keys may live on other shards.`,
    })),
  ]
}

function hintForIndex(table: ShardedTable, index: IndexFacts): string {
  const columns = index.columns.filter((column) => column !== null)
  if (columns.length < index.columns.length || index.partial) {
    return 'Keep the indexed value in a column (a stored generated one will do), declare that in `unique`, and drop the index.'
  }
  const declared = table.unique.some((entry) => entry.join() === columns.join())
  const drop = 'drop the index: the lookup keeps the values unique on all shards.'
  if (declared) return `It is declared in \`unique\`: ${drop}`
  const names = columns.map((column) => `'${column}'`).join(', ')
  return `Declare \`unique: [${columns.length === 1 ? names : `[${names}]`}]\` and ${drop}`
}

function findUniqueFaults(table: ShardedTable, found: TableFacts): Fault[] {
  return table.unique.flatMap((columns) => {
    if (columns.includes(table.by)) {
      return [
        {
          table: table.name,
          message: `unique (${columns.join(', ')}) contains the shard key "${table.by}"`,
          hint: 'Make it an ordinary unique index: its rows live on one shard.',
        },
      ]
    }
    return columns.flatMap((name) => {
      const column = found.columns.find((candidate) => candidate.name === name)
      if (column === undefined) return [missingColumn(found, name, 'unique')]
      return column.generated === 'v' ? [virtualColumn(table.name, column)] : []
    })
  })
}

const virtualColumn = (table: string, { name }: ColumnFacts): Fault => ({
  table,
  message: `the column "${name}" in \`unique\` is virtual, which triggers cannot see`,
  hint: 'Make it a stored generated column.',
})

function missingColumn(table: TableFacts, column: string, property: string): Fault {
  const known = table.columns.map(({ name }) => name).join(', ')
  return {
    table: table.name,
    message: `the column "${column}" in \`${property}\` does not exist`,
    hint: `Its columns are: ${known}.`,
  }
}

const list = (index: IndexFacts): string =>
  index.columns.map((column) => column ?? '(expression)').join(', ')
