import type { ShardedTable, Table } from '@banyan/model'
import type { ClientBase } from 'pg'
import { quoteName } from '../quote.ts'
import type { Facts } from './facts.ts'
import {
  keeperOf,
  keyTrigger,
  keyTriggerBefore,
  lookupOf,
  triggerOf,
  truncaterOf,
} from './names.ts'

/**
 * Takes away what no declaration asks for any more: triggers first, then their functions, then the
 * lookups. Names alone decide, so that it works for a table that does not fit, or is gone.
 */
export async function removeUndeclared(
  client: ClientBase,
  tables: readonly Table[],
  facts: Facts,
): Promise<string[]> {
  const sharded = tables.filter((table) => table.kind === 'sharded')
  const wanted = namesOf(sharded)
  const lookups = facts.lookups.filter(({ name }) => !wanted.has(name)).map(({ name }) => name)
  const functions = facts.functions.filter(({ name }) => !wanted.has(name)).map(({ name }) => name)
  const gone = facts.installed.filter((row) => !sharded.some(({ name }) => name === row.name))
  const statements = [
    ...triggersToDrop(sharded, facts),
    ...functions.map((name) => `drop function banyan.${quoteName(name)}()`),
    ...lookups.map((name) => `drop table banyan.${quoteName(name)}`),
  ]
  for (const statement of statements) await client.query(statement)
  for (const { name } of gone)
    await client.query('delete from banyan.installed where name = $1', [name])
  if (statements.length + gone.length === 0) return []
  return lookups.length === 0
    ? ['removed triggers that no declaration asks for']
    : lookups.map((name) => `removed the lookup banyan.${name}`)
}

function namesOf(tables: readonly ShardedTable[]): Set<string> {
  const perLookup = tables.flatMap(({ name, unique }) =>
    unique.flatMap((columns) => [
      lookupOf(name, columns).name,
      keeperOf(name, columns),
      truncaterOf(name, columns),
    ]),
  )
  return new Set(tables.length === 0 ? [] : ['refuse_key_change', ...perLookup])
}

/** A cloned trigger goes with its parent's. */
function triggersToDrop(tables: readonly ShardedTable[], facts: Facts): string[] {
  const wanted = new Map<number, Set<string>>()
  for (const table of tables) {
    const found = facts.tables.find(({ name }) => name === table.name)
    if (found === undefined) continue
    const truncating = table.unique.map((columns) => triggerOf(columns, 'truncate'))
    for (const { oid } of found.partitions) wanted.set(oid, new Set(truncating))
    wanted.set(found.oid, new Set([...truncating, ...rowTriggerNames(table, found.kind)]))
  }
  return facts.triggers
    .filter(({ cloned, name, table }) => !cloned && !wanted.get(table)?.has(name))
    .map(({ name, tableName }) => `drop trigger ${quoteName(name)} on ${tableName}`)
}

const rowTriggerNames = ({ unique }: ShardedTable, kind: string): string[] => [
  keyTrigger,
  ...(kind === 'p' ? [keyTriggerBefore] : []),
  ...unique.flatMap((columns) =>
    ['insert', 'update', 'delete'].map((event) => triggerOf(columns, event)),
  ),
]
