import type { ShardedTable } from '@banyan/model'
import type { Facts, Found, Rule } from '../../rule.ts'
import { shardedOf } from '../declared.ts'
import { areRelated } from '../relatives.ts'
import type { Schema } from '../schema.ts'
import { type Scope, scopesOf } from '../scopes.ts'

export const joinAcrossKeys: Rule = {
  id: 'join-across-keys',
  rungs: ['sharded'],
  severity: 'blocks',
  what: 'A join of sharded tables that are not joined by their keys.',
  why: 'Rows that belong together have the same shard key; others may be on different shards, where no join finds them.',
  mend: 'Join by the key, copy the columns that are needed into the row, declare the smaller table a reference table, or read in two steps.',
  *find({ system, statements, schema }: Facts): Iterable<Found> {
    const sharded = shardedOf(system)
    for (const { source, kind, node, lineAt } of statements) {
      for (const scope of scopesOf(kind, node)) {
        const pair = strangers(scope, sharded, schema)
        if (pair === null) continue
        const [a, b] = pair
        const what = `It joins ${a.table} (by ${a.by}) with ${b.table} (by ${b.by}), and their keys are not held equal.`
        yield { file: source.path, line: lineAt(b.location), what }
      }
    }
  },
}

type Keyed = Scope['tables'][number] & { readonly by: string }

function strangers(scope: Scope, sharded: ReadonlyMap<string, ShardedTable>, schema: Schema) {
  if (scope.open) return null
  const tables = scope.tables.flatMap((one): Keyed[] => {
    const by = sharded.get(one.table)?.by
    return by === undefined ? [] : [{ ...one, by }]
  })
  const [first, ...others] = tables
  if (first === undefined) return null
  // A foreign key that contains both keys keeps the rows together, whatever they are joined by.
  const stranger = others.find(
    (other) =>
      !belong(scope, first, other) && !areRelated(schema, sharded, first.table, other.table),
  )
  return stranger === undefined ? null : ([first, stranger] as const)
}

/** Both held equal to some value may be the same value: nobody can say that they are not. */
function belong(scope: Scope, a: Keyed, b: Keyed): boolean {
  if (scope.areEqual({ alias: a.alias, column: a.by }, { alias: b.alias, column: b.by }))
    return true
  return scope.isPinned(a.alias, a.by) && scope.isPinned(b.alias, b.by)
}
