import type { Facts, Found, Rule } from '../../rule.ts'

export const unloggedTable: Rule = {
  id: 'unlogged-table',
  rungs: ['replicated', 'split', 'sharded'],
  severity: 'blocks',
  what: 'An unlogged table.',
  why: 'It is on no replica: reads there fail, and after a failover it is empty. It does not move with the data either.',
  mend: 'alter table … set logged; or keep what may be lost in the memory of the process.',
  *find({ schema, database }: Facts): Iterable<Found> {
    const unlogged = database === null ? [...schema.tables.values()] : database.tables
    for (const { name, unlogged: is } of unlogged) {
      if (!is) continue
      const place = schema.tables.get(name)?.place ?? { file: null, line: null }
      yield { ...place, what: `The table ${name} is unlogged.` }
    }
  },
}
