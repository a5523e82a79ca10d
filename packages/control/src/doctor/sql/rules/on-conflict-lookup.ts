import type { Facts, Found, Rule } from '../../rule.ts'
import { keepsLookups, shardedOf } from '../declared.ts'
import { as, findAll, isTree, list, locationOf, type Tree, tableOf, text } from '../tree.ts'

export const onConflictLookup: Rule = {
  id: 'on-conflict-lookup',
  rungs: ['single', 'sharded'],
  severity: 'blocks',
  what: 'ON CONFLICT that names a value declared `unique`.',
  why: 'Values that are unique over the whole system are kept by lookup tables, not by an index of the table; ON CONFLICT finds no index to name, and PostgreSQL refuses the statement.',
  mend: 'Insert, and when it fails with SQLSTATE 23505 read or update: data.by finds the owner. Or let ON CONFLICT name a key that contains the shard key.',
  *find({ system, statements }: Facts): Iterable<Found> {
    const sharded = shardedOf(system)
    const rungs = keepsLookups(system) ? undefined : (['sharded'] as const)
    for (const { source, kind, node, lineAt } of statements) {
      for (const insert of findAll({ [kind]: node }, 'InsertStmt')) {
        const table = sharded.get(tableOf(insert.relation) ?? '')
        const conflict = insert.onConflictClause as Tree | undefined
        if (table === undefined || conflict === undefined) continue
        const columns = table.unique.find((unique) => names(conflict, table.name, unique))
        if (columns === undefined) continue
        const what = `ON CONFLICT names ${table.name} (${columns.join(', ')}), which is declared unique over the whole system.`
        const line = lineAt(locationOf(conflict))
        yield { file: source.path, line, what, ...(rungs === undefined ? {} : { rungs }) }
      }
    }
  },
}

function names(conflict: Tree, table: string, unique: readonly string[]): boolean {
  const infer = conflict.infer
  if (!isTree(infer)) return false
  const elements = list(infer.indexElems).map((element) => text(as(element, 'IndexElem')?.name))
  if (elements.length === 0) return infer.conname === `${table}_${unique.join('_')}_key`
  return elements.length === unique.length && unique.every((column) => elements.includes(column))
}
