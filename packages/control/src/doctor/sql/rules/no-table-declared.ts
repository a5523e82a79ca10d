import type { Facts, Found, Rule } from '../../rule.ts'

export const noTableDeclared: Rule = {
  id: 'no-table-declared',
  rungs: ['sharded'],
  severity: 'blocks',
  what: 'A system with data and without a declared sharded table.',
  why: 'Without `data.tables` nobody knows by which column rows belong together.',
  mend: "Declare them: data: { tables: { users: { by: 'id', unique: ['email'] }, notes: { by: 'user_id' }, plans: 'reference' } }.",
  *find({ system, config }: Facts): Iterable<Found> {
    if (system.data === null) return
    if (system.data.tables.some(({ kind }) => kind === 'sharded')) return
    yield {
      file: config,
      line: null,
      what: 'data.tables declares no table with a shard key (`by`).',
    }
  },
}
