import type { Facts, Found, Rule } from '../../rule.ts'
import { shardedOf } from '../declared.ts'

export const numberedId: Rule = {
  id: 'numbered-id',
  rungs: ['sharded'],
  severity: 'blocks',
  what: 'A key of a sharded table that a sequence numbers: serial, identity.',
  why: 'Every shard counts for itself, so that two rows get the same number; and no sequence goes along when rows move.',
  mend: 'Make the id in the app or by the database without counting: uuid with default uuidv7() (PostgreSQL 18) or gen_random_uuid().',
  *find({ system, schema }: Facts): Iterable<Found> {
    for (const { name, by } of shardedOf(system).values()) {
      const table = schema.tables.get(name)
      if (table === undefined) continue
      const key = Array.isArray(table.primaryKey) ? table.primaryKey : []
      for (const column of table.columns) {
        if (!column.numbered || !(column.name === by || key.includes(column.name))) continue
        yield { ...column.place, what: `${name}.${column.name} is numbered by a sequence.` }
      }
    }
  },
}
