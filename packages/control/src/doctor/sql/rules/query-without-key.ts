import type { Facts, Found, Rule } from '../../rule.ts'
import { shardedOf } from '../declared.ts'
import { type Scope, scopesOf } from '../scopes.ts'

export const queryWithoutKey: Rule = {
  id: 'query-without-key',
  rungs: ['sharded'],
  severity: 'blocks',
  what: 'A statement on a sharded table that goes through a pool and does not name the key.',
  why: 'Its rows may be on any shard, and a pool asks one.',
  mend: 'Add the key to its conditions and send it through data.of(key); find the owner of a unique value with data.by; or ask all shards with data.everywhere({ each, combine }).',
  *find({ system, statements }: Facts): Iterable<Found> {
    const sharded = shardedOf(system)
    for (const { source, kind, node, via, lineAt } of statements) {
      if (via !== 'pool') continue
      for (const scope of scopesOf(kind, node)) {
        const one = unkeyed(scope, sharded)
        if (one === undefined) continue
        const by = sharded.get(one.table)?.by
        const what = `A pool is asked about ${one.table} without its key ${by}.`
        yield { file: source.path, line: lineAt(one.location), what }
      }
    }
  },
}

/** The first table of a level that lacks its key, when none of the level has one. */
export function unkeyed(scope: Scope, sharded: ReadonlyMap<string, { readonly by: string }>) {
  const tables = scope.tables.filter(({ table }) => sharded.has(table))
  const pinned = tables.some(({ table, alias }) =>
    scope.isPinned(alias, sharded.get(table)?.by ?? ''),
  )
  return scope.open || pinned ? undefined : tables[0]
}
