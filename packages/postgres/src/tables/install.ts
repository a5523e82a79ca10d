import type { ShardedTable } from '@banyan/model'
import type { ClientBase } from 'pg'
import { quoteName } from '../quote.ts'
import { backfill } from './backfill.ts'
import {
  type Comparison,
  createLookupSql,
  keeperSql,
  lookupColumns,
  lookupSql,
  refuseKeyChangeSql,
  triggersOf,
  truncaterSql,
} from './definitions.ts'
import type { Facts, TableFacts } from './facts.ts'
import { contentOf } from './fingerprint.ts'
import { lookupOf } from './names.ts'

/**
 * Installs one table's triggers and lookups. The lock comes first: nobody writes between the
 * backfill and the triggers; readers go on.
 */
export async function installTable(
  client: ClientBase,
  table: ShardedTable,
  found: TableFacts,
  facts: Facts,
): Promise<string[]> {
  await client.query(`lock table public.${quoteName(table.name)} in share row exclusive mode`)
  await client.query(refuseKeyChangeSql)
  const incomplete: (readonly string[])[] = []
  for (const columns of table.unique) {
    if (!(await isIntact(client, table, columns, found, facts))) incomplete.push(columns)
    await installLookup(client, table, columns, found, facts)
  }
  for (const { sql } of triggersOf(table, found)) await client.query(sql)
  const changes = [`${table.name}: triggers installed`]
  for (const columns of incomplete) {
    const taken = await backfill(client, table, columns)
    changes.push(`${table.name}: ${columns.join(', ')} unique everywhere, ${taken} values taken`)
  }
  return changes
}

/** Makes the lookup, unless it is there with the right columns, and the functions that keep it. */
async function installLookup(
  client: ClientBase,
  table: ShardedTable,
  columns: readonly string[],
  found: TableFacts,
  facts: Facts,
): Promise<void> {
  const lookup = lookupOf(table.name, columns)
  const wanted = lookupColumns(table, found, columns).map(({ name, type, collation }) =>
    [name, type, ...(collation === null ? [] : [collation])].join(' '),
  )
  const existing = facts.lookups.find(({ name }) => name === lookup.name)
  if (existing?.columns.join() !== wanted.join()) {
    await client.query(`drop table if exists ${lookupSql(table, columns)}`)
    await client.query(createLookupSql(table, found, columns))
  }
  const comparisons = await readComparisons(client, table, columns)
  await client.query(keeperSql(table, columns, comparisons))
  await client.query(truncaterSql(table, columns, comparisons))
}

/** The equality of each column's index, by its full name: a type may bring its own (citext does). */
async function readComparisons(
  client: ClientBase,
  table: ShardedTable,
  columns: readonly string[],
): Promise<Comparison[]> {
  const { rows } = await client.query(
    `select a.attname as column, format('operator(%I.%s)', n.nspname, o.oprname) as operator
     from pg_index i, unnest(i.indkey::int2[], i.indclass::oid[]) as k (number, class),
       pg_attribute a, pg_opclass c, pg_amop m, pg_operator o, pg_namespace n
     where i.indrelid = $1::regclass and i.indisprimary
       and a.attrelid = i.indrelid and a.attnum = k.number and c.oid = k.class
       and m.amopfamily = c.opcfamily and m.amopstrategy = 3
       and m.amoplefttype = c.opcintype and m.amoprighttype = c.opcintype
       and o.oid = m.amopopr and n.oid = o.oprnamespace`,
    [lookupSql(table, columns)],
  )
  return columns.map((column) => {
    const row = rows.find((candidate) => candidate.column === column)
    return { column, operator: row.operator }
  })
}

/**
 * Whether the lookup's rows are complete. A new partition is fine while it is empty: the triggers
 * came to it as it was made. One with rows may have had them before; one that is gone took rows
 * with it, and no trigger fired: then the lookup is filled anew.
 */
async function isIntact(
  client: ClientBase,
  table: ShardedTable,
  columns: readonly string[],
  found: TableFacts,
  facts: Facts,
): Promise<boolean> {
  const installed = facts.installed.find(({ name }) => name === table.name)
  if (installed === undefined || installed.table !== found.oid) return false
  const now = new Map(found.partitions.map((partition) => [partition.oid, partition]))
  if (installed.partitions.some((oid) => !now.has(oid))) return false
  const content = contentOf(table, columns, found, facts, installed.partitions)
  if (installed.lookups[columns.join()] !== content) return false
  for (const oid of installed.partitions) now.delete(oid)
  for (const { schema, name } of now.values()) {
    const { rows } = await client.query(
      `select exists (select from ${quoteName(schema)}.${quoteName(name)}) as has_rows`,
    )
    if (rows[0].has_rows) return false
  }
  return true
}
