import type { Facts, Found, Rule } from '../../rule.ts'

export const largeObjects: Rule = {
  id: 'large-objects',
  rungs: ['split', 'sharded'],
  severity: 'blocks',
  what: 'Large objects (`lo_create` and its like).',
  why: 'Logical replication, by which data moves, leaves them out.',
  mend: 'Keep the bytes in a bytea column, or in an object store.',
  *find({ database }: Facts): Iterable<Found> {
    if (database?.largeObjects !== true) return
    yield { file: null, line: null, what: 'The database holds large objects.' }
  },
}
