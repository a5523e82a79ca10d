import type { Facts, Found, Rule } from '../../rule.ts'

export const noPrimaryKey: Rule = {
  id: 'no-primary-key',
  rungs: ['split', 'sharded'],
  severity: 'blocks',
  what: 'A table without a primary key.',
  why: 'Data moves live by logical replication, which finds a row by its primary key; without one every UPDATE and DELETE of the table would be refused meanwhile.',
  mend: 'Give it one: alter table … add primary key (…).',
  *find({ schema, database }: Facts): Iterable<Found> {
    // What the database says is true; files are asked only where it cannot be.
    if (database !== null) {
      for (const { name, primaryKey, replicaIdentity } of database.tables) {
        if (primaryKey.length > 0 || replicaIdentity === 'index' || replicaIdentity === 'full')
          continue
        const place = schema.tables.get(name)?.place ?? { file: null, line: null }
        yield { ...place, what: `The table ${name} has no primary key.` }
      }
      return
    }
    if (!schema.whole) return
    for (const { name, place, primaryKey } of schema.tables.values()) {
      if (primaryKey === null) yield { ...place, what: `The table ${name} has no primary key.` }
    }
  },
}
