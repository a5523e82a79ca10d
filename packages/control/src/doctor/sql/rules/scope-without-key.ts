import type { Facts, Found, Rule } from '../../rule.ts'
import { shardedOf } from '../declared.ts'
import { scopesOf } from '../scopes.ts'
import { unkeyed } from './query-without-key.ts'

export const scopeWithoutKey: Rule = {
  id: 'scope-without-key',
  rungs: ['sharded'],
  severity: 'blocks',
  what: 'A statement sent through `data.of(key)` that does not name the key.',
  why: 'A scope chooses the shard; which rows of it are meant the statement has to say. Without the key it takes in the rows of other keys on the same shard, and misses those on other shards.',
  mend: 'Add the key to its conditions: `where user_id = …`. What is meant for all keys belongs in data.everywhere.',
  *find({ system, statements }: Facts): Iterable<Found> {
    const sharded = shardedOf(system)
    for (const { source, kind, node, via, lineAt } of statements) {
      // With a common table expression or a subquery the key may come in by another way.
      const scopes = scopesOf(kind, node)
      const [scope] = scopes
      if (via !== 'scope' || scopes.length !== 1 || scope === undefined) continue
      if (node.withClause !== undefined) continue
      const one = unkeyed(scope, sharded)
      if (one === undefined) continue
      const what = `It asks about ${one.table} without its key ${sharded.get(one.table)?.by}.`
      yield { file: source.path, line: lineAt(one.location), what }
    }
  },
}
