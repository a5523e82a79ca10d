import type { ShardedTable, Table } from '@banyan/model'
import type { Client } from 'pg'
import { sizeOf } from './alter-column.ts'
import { readLoadFacts } from './facts.ts'
import type { LoadFault } from './judge-load.ts'

/**
 * A new `unique` of a big table: its lookup is filled while nobody can write to the table, or a value
 * that somebody takes meanwhile would be missed.
 */
export async function judgeUnique(owner: Client, tables: readonly Table[]): Promise<LoadFault[]> {
  const sharded = tables.filter(
    (table): table is ShardedTable => table.kind === 'sharded' && table.unique.length > 0,
  )
  if (sharded.length === 0) return []
  const { big } = await readLoadFacts(owner)
  if (big.length === 0) return []
  const { rows } = await owner.query<{ name: string; lookups: Record<string, string> }>(
    'select name, lookups from banyan.installed',
  )
  return sharded.flatMap(({ name, unique }) => {
    const table = big.find((one) => one.schema === 'public' && one.name === name)
    const lookups = rows.find((row) => row.name === name)?.lookups ?? {}
    const fresh = unique.filter((columns) => !(columns.join() in lookups))
    return table === undefined
      ? []
      : fresh.map((columns) => ({
          file: `data.tables.${name}`,
          message: `unique [${columns.join(', ')}] is new, and every row of ${sizeOf(table)} is looked at while nobody can write to it`,
          hint: 'Declare it when nobody writes: "banyan down", then "banyan up --release".',
        }))
  })
}
