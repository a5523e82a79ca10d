import type { Facts, Found, Rule } from '../../rule.ts'
import { keepsLookups, shardedOf } from '../declared.ts'

export const keyNotInPrimaryKey: Rule = {
  id: 'key-not-in-primary-key',
  rungs: ['single', 'sharded'],
  severity: 'blocks',
  what: 'A sharded table whose primary key does not contain its shard key.',
  why: 'Rows are moved by primary key under a filter on the shard key; and a primary key without it is unique on one shard only. `up` refuses it.',
  mend: 'Let the primary key begin with the shard key: primary key (user_id, id).',
  *find({ system, schema, database }: Facts): Iterable<Found> {
    const rungs = keepsLookups(system) ? undefined : (['sharded'] as const)
    const only = rungs === undefined ? {} : { rungs }
    const sharded = shardedOf(system)
    for (const { name, by } of sharded.values()) {
      const table = schema.tables.get(name)
      const key = table?.primaryKey
      if (table !== undefined && Array.isArray(key) && !key.includes(by)) {
        yield {
          ...table.place,
          ...only,
          what: `The primary key of ${name} is (${key.join(', ')}), without ${by}.`,
        }
      }
      const live = database?.tables.find((one) => one.name === name)
      if (table !== undefined || live === undefined || live.primaryKey.length === 0) continue
      if (live.primaryKey.includes(by)) continue
      const what = `In the database the primary key of ${name} is (${live.primaryKey.join(', ')}), without ${by}.`
      yield { file: null, line: null, ...only, what }
    }
  },
}
