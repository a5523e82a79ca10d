import type { Facts, Found, Rule } from '../../rule.ts'
import { keepsLookups, shardedOf } from '../declared.ts'

export const uniqueWithoutKey: Rule = {
  id: 'unique-without-key',
  rungs: ['single', 'sharded'],
  severity: 'blocks',
  what: 'A unique index or constraint on a sharded table that does not contain the shard key.',
  why: 'An index sees the rows of one shard: on several shards the same value fits in more than once. `up` refuses it.',
  mend: 'Declare the value in data.tables, unique: [COLUMN], and drop the index: lookup tables keep it unique everywhere. Or add the shard key to the index.',
  *find({ system, schema, database }: Facts): Iterable<Found> {
    const only = keepsLookups(system) ? {} : { rungs: ['sharded'] as const }
    for (const { name, by } of shardedOf(system).values()) {
      const table = schema.tables.get(name)
      for (const { columns, place } of table?.uniques ?? []) {
        if (columns.includes(by)) continue
        const on = columns.length === 0 ? 'an expression' : columns.join(', ')
        yield { ...place, ...only, what: `${name} is unique on ${on}, without ${by}.` }
      }
      if (table !== undefined) continue
      for (const { columns } of database?.tables.find((one) => one.name === name)?.uniques ?? []) {
        if (columns.includes(by)) continue
        const what = `In the database ${name} is unique on ${columns.join(', ')}, without ${by}.`
        yield { file: null, line: null, ...only, what }
      }
    }
  },
}
