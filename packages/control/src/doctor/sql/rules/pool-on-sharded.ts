import type { Facts, Found, Rule } from '../../rule.ts'
import { shardedOf } from '../declared.ts'
import { scopesOf } from '../scopes.ts'
import { findAll, locationOf, tableOf } from '../tree.ts'

export const poolOnSharded: Rule = {
  id: 'pool-on-sharded-table',
  rungs: ['sharded'],
  severity: 'blocks',
  what: 'A statement on a sharded table that goes through a pool, with its key.',
  why: 'A pool does not know which shard has the key.',
  mend: 'Send it through the scope of its key: data.of(key).read`…` or .write`…`, data.of(key).transaction(…), or a Kysely dialect of it.',
  *find({ system, statements }: Facts): Iterable<Found> {
    const sharded = shardedOf(system)
    for (const { source, kind, node, via, lineAt } of statements) {
      if (via !== 'pool') continue
      for (const scope of scopesOf(kind, node)) {
        const one = scope.tables.find(({ table, alias }) => {
          const by = sharded.get(table)?.by
          return by !== undefined && (scope.open || scope.isPinned(alias, by))
        })
        const by = sharded.get(one?.table ?? '')?.by
        if (one === undefined || by === undefined) continue
        const what = `A pool is asked about ${one.table}, which is sharded by ${by}.`
        yield { file: source.path, line: lineAt(one.location), what }
      }
      for (const insert of findAll({ [kind]: node }, 'InsertStmt')) {
        const table = sharded.get(tableOf(insert.relation) ?? '')
        if (table === undefined) continue
        const line = lineAt(locationOf(insert.relation as { location?: number }))
        yield {
          file: source.path,
          line,
          what: `A pool inserts into ${table.name}, which is sharded by ${table.by}.`,
        }
      }
    }
  },
}
