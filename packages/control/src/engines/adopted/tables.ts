import { BanyanError, type KeyType, type ShardedTable, type Table } from '@banyan/model'
import type { ClientBase } from 'pg'

/** What the catalog says about one declared table. */
export type TableFacts = {
  readonly name: string
  /** As in pg_class: r table, p partitioned, v view… */
  readonly kind: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** The columns of each unique index that holds for every row; an expression is null. */
  readonly unique: readonly (readonly (string | null)[])[]
}

export type Fault = { readonly table: string; readonly message: string; readonly hint: string }

export type Reading = { readonly keyType: KeyType | null; readonly missing: readonly string[] }

const tablesSql = `
  select c.relname::text as name, c.relkind::text as kind,
    (select coalesce(json_agg(json_build_object('name', a.attname,
        'type', format_type(a.atttypid, null)) order by a.attnum), '[]')
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce(json_agg((select json_agg(a.attname order by k.position)
        from unnest(i.indkey::int2[]) with ordinality as k (number, position)
        left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number and k.number > 0
        where k.position <= i.indnkeyatts)), '[]')
      from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid
        and i.indpred is null) as "unique"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relname = any ($1::text[])
    and c.relkind in ('r', 'p', 'v', 'm', 'f')`

/**
 * Finds the key type from the declared tables, by reading the catalog. Tables that do not exist yet
 * are named: the app makes them itself, possibly with the very start that asks.
 *
 * @throws BANYAN_ADOPTED_TABLES_INVALID with every fault.
 */
export async function readKeyType(client: ClientBase, tables: readonly Table[]): Promise<Reading> {
  if (tables.length === 0) return { keyType: null, missing: [] }
  const { rows } = await client.query<TableFacts>(tablesSql, [tables.map(({ name }) => name)])
  const faults = findFaults(tables, rows)
  if (faults.length > 0) throw invalid(faults)
  const known = new Set(rows.map(({ name }) => name))
  const [key] = keysOf(tables, rows)
  return {
    keyType: key === undefined ? null : (keyTypes[key.type] ?? null),
    missing: tables.filter(({ name }) => !known.has(name)).map(({ name }) => name),
  }
}

/** Types with one space of values each: any text is a text, however long it may be. */
const keyTypes: Readonly<Record<string, KeyType>> = {
  uuid: 'uuid',
  bigint: 'bigint',
  text: 'text',
}

/**
 * Judges the declared tables by the catalog; pure. Only what has to hold now: rungs that need more
 * (the shard key in the primary key) say so when they are asked for.
 */
export function findFaults(tables: readonly Table[], found: readonly TableFacts[]): Fault[] {
  const faults = tables.flatMap((table) => {
    const facts = found.find(({ name }) => name === table.name)
    return facts === undefined ? [] : faultsOf(table, facts)
  })
  const [first, ...others] = keysOf(tables, found).filter(({ type }) => type in keyTypes)
  const different = others.filter(({ type }) => type !== first?.type)
  return [
    ...faults,
    ...different.map(({ table, type }) => ({
      table,
      message: `its shard key is ${type}, that of "${first?.table}" is ${first?.type}`,
      hint: 'A system has one key space: give every shard key the same type, or leave the table undeclared for now.',
    })),
  ]
}

function faultsOf(table: Table, facts: TableFacts): Fault[] {
  const add = (message: string, hint: string): Fault => ({ table: table.name, message, hint })
  if (facts.kind !== 'r' && facts.kind !== 'p') {
    return [add('it is a view or a foreign table', 'Declare the table behind it instead.')]
  }
  if (table.kind === 'reference') return []
  const missing = [table.by, ...table.unique.flat()].filter(
    (column) => !facts.columns.some(({ name }) => name === column),
  )
  const columns = facts.columns.map(({ name }) => name).join(', ')
  const faults = missing.map((column) =>
    add(`it has no column "${column}"`, `Its columns are: ${columns}.`),
  )
  const type = facts.columns.find(({ name }) => name === table.by)?.type
  if (type !== undefined && !(type in keyTypes)) {
    const hint = `A shard key is uuid, bigint or text. Alter its type in a migration of yours, or leave the table undeclared for now.`
    faults.push(add(`its shard key "${table.by}" is ${type}`, hint))
  }
  if (missing.length > 0) return faults
  return [...faults, ...table.unique.flatMap((wanted) => lacksIndex(table, facts, wanted))]
}

/** Nothing of ours keeps the values unique here, so that an index of the table's own has to. */
function lacksIndex(table: ShardedTable, facts: TableFacts, wanted: readonly string[]): Fault[] {
  const names = [...wanted].sort().join()
  if (facts.unique.some((columns) => [...columns].sort().join() === names)) return []
  const list = wanted.join(', ')
  return [
    {
      table: table.name,
      message: `it has no unique index on (${list})`,
      hint: `Create one in a migration of yours, over all rows: create unique index on ${table.name} (${list}); or remove it from \`unique\`.`,
    },
  ]
}

function keysOf(
  tables: readonly Table[],
  found: readonly TableFacts[],
): { table: string; type: string }[] {
  return tables.flatMap((table) => {
    if (table.kind === 'reference') return []
    const facts = found.find(({ name }) => name === table.name)
    const column = facts?.columns.find(({ name }) => name === table.by)
    return column === undefined ? [] : [{ table: table.name, type: column.type }]
  })
}

function invalid(faults: readonly Fault[]): BanyanError {
  const lines = faults.map(({ table, message, hint }) => `- ${table}: ${message}. ${hint}`)
  const count = faults.length === 1 ? 'One fault' : `${faults.length} faults`
  return new BanyanError(
    'BANYAN_ADOPTED_TABLES_INVALID',
    `${count} in the declared tables, compared with the adopted database:\n${lines.join('\n')}`,
    {
      hint: 'Mend data.tables in the config, or the tables, as each line says. Nothing was changed.',
      details: { faults },
    },
  )
}
