import { createHash } from 'node:crypto'
import type { ShardedTable } from '@banyan/model'
import { lookupColumns } from './definitions.ts'
import type { Facts, TableFacts } from './facts.ts'
import { keeperOf, keyTrigger, lookupOf, triggerOf, truncaterOf } from './names.ts'

/** Raised whenever the definitions of triggers or functions change, so that all are made anew. */
const definitionsVersion = 1

/** A hash of all that an installed table rests on. While it is the same, there is nothing to do. */
export function fingerprintOf(table: ShardedTable, found: TableFacts, facts: Facts): string {
  const family = new Set([found.oid, ...found.partitions.map(({ oid }) => oid)])
  const names = new Set(table.unique.flatMap((columns) => objectNames(table, columns)))
  return hash({
    definitionsVersion,
    table,
    found,
    triggers: facts.triggers.filter((trigger) => family.has(trigger.table)),
    lookups: facts.lookups.filter(({ name }) => names.has(name)),
    functions: facts.functions.filter(
      ({ name }) => names.has(name) || name === 'refuse_key_change',
    ),
  })
}

/**
 * A hash of what the *rows* of a lookup rest on: the same table, under triggers that were enabled
 * all the time on it and on those partitions, that of the shard key among them. While it is the same, the rows are complete.
 */
export function contentOf(
  table: ShardedTable,
  columns: readonly string[],
  found: TableFacts,
  facts: Facts,
  partitions: readonly number[],
): string {
  const family = new Set([found.oid, ...partitions])
  const triggers = new Set([
    keyTrigger,
    ...['insert', 'update', 'delete', 'truncate'].map((event) => triggerOf(columns, event)),
  ])
  const names = new Set(objectNames(table, columns))
  return hash({
    family: [...family],
    by: table.by,
    columns: lookupColumns(table, found, columns).map(({ name, type, collation, expression }) => ({
      name,
      type,
      collation,
      expression,
    })),
    triggers: facts.triggers.filter(
      ({ name, table: oid }) => triggers.has(name) && family.has(oid),
    ),
    lookups: facts.lookups.filter(({ name }) => names.has(name)),
    functions: facts.functions.filter(({ name }) => names.has(name)),
  })
}

const objectNames = ({ name }: ShardedTable, columns: readonly string[]): string[] => [
  lookupOf(name, columns).name,
  keeperOf(name, columns),
  truncaterOf(name, columns),
]

const hash = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex')
