import type { Facts, Found, Rule } from '../../rule.ts'
import { tablesOf } from '../declared.ts'
import type { Schema, SchemaForeignKey } from '../schema.ts'

export const foreignKeyAcrossKeys: Rule = {
  id: 'foreign-key-across-keys',
  rungs: ['sharded'],
  severity: 'blocks',
  what: 'A foreign key between rows that may be on different shards.',
  why: 'PostgreSQL looks for the other row on the same shard, and refuses the write when it is elsewhere.',
  mend: 'Let it contain both shard keys: foreign key (user_id, note_id) references notes (user_id, id). Across keys keep the id without a foreign key.',
  *find({ system, schema }: Facts): Iterable<Found> {
    const declared = tablesOf(system)
    for (const { name, foreignKeys } of schema.tables.values()) {
      const from = declared.get(name)
      for (const key of foreignKeys) {
        const to = declared.get(key.table)
        if (from === undefined || to === undefined || to.kind === 'reference') continue
        const staysTogether = from.kind === 'sharded' && maps(schema, key, from.by, to.by)
        if (staysTogether) continue
        const what = `${name} (${key.columns.join(', ')}) refers to ${key.table}, whose row may be on another shard.`
        yield { ...key.place, what }
      }
    }
  },
}

/** Whether the foreign key leads from one shard key to the other. */
export function maps(schema: Schema, key: SchemaForeignKey, by: string, otherBy: string): boolean {
  const primary = schema.tables.get(key.table)?.primaryKey
  const targets = key.targets.length > 0 ? key.targets : Array.isArray(primary) ? primary : null
  // To an unknown primary key: nothing can be said.
  if (targets === null) return true
  return key.columns.some((column, at) => column === by && targets[at] === otherBy)
}
