import type { Facts, Found, Rule } from '../../rule.ts'
import { keepsLookups, shardedOf } from '../declared.ts'
import { findAll, locationOf, type Tree, tableOf } from '../tree.ts'

export const onConflictNothing: Rule = {
  id: 'on-conflict-nothing',
  rungs: ['single'],
  severity: 'advice',
  what: 'ON CONFLICT DO NOTHING without a target, on a table with `unique` values.',
  why: 'For a value that is taken in a lookup table it raises 23505 in place of doing nothing: the lookup is asked after the row is in.',
  mend: 'Name the key that is meant, ON CONFLICT (…) DO NOTHING, and expect 23505 for the declared unique values.',
  *find({ system, statements }: Facts): Iterable<Found> {
    if (!keepsLookups(system)) return
    const sharded = shardedOf(system)
    for (const { source, kind, node, lineAt } of statements) {
      for (const insert of findAll({ [kind]: node }, 'InsertStmt')) {
        const table = sharded.get(tableOf(insert.relation) ?? '')
        const conflict = insert.onConflictClause as Tree | undefined
        if (table === undefined || table.unique.length === 0 || conflict === undefined) continue
        if (conflict.action !== 'ONCONFLICT_NOTHING' || conflict.infer !== undefined) continue
        const what = `A value of ${table.name} that is taken raises 23505 here.`
        yield { file: source.path, line: lineAt(locationOf(conflict)), what }
      }
    }
  },
}
