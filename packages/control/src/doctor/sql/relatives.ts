import type { ShardedTable } from '@banyan/model'
import { maps } from './rules/foreign-key-across-keys.ts'
import type { Schema } from './schema.ts'

/**
 * Whether the rows of two tables that share something else than the key can be expected to have the
 * same key: one refers to the other by a foreign key that contains both, or both refer to a third so.
 */
export function areRelated(
  schema: Schema,
  sharded: ReadonlyMap<string, ShardedTable>,
  a: string,
  b: string,
): boolean {
  const above = (name: string) => new Set([name, ...parents(schema, sharded, name)])
  const ofB = above(b)
  return [...above(a)].some((name) => ofB.has(name))
}

function parents(schema: Schema, sharded: ReadonlyMap<string, ShardedTable>, name: string) {
  const by = sharded.get(name)?.by
  return (schema.tables.get(name)?.foreignKeys ?? [])
    .filter((key) => {
      const other = sharded.get(key.table)
      const contains = by !== undefined && other !== undefined && maps(schema, key, by, other.by)
      return contains && key.columns.length > 1
    })
    .map(({ table }) => table)
}
