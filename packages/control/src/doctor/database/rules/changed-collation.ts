import type { Facts, Found, Rule } from '../../rule.ts'

export const changedCollation: Rule = {
  id: 'changed-collation',
  rungs: ['single', 'replicated'],
  severity: 'advice',
  what: 'A database that was made with another version of the collation than its machine has now.',
  why: 'Indexes on text may be in the wrong order: rows are not found, and duplicates get past unique indexes.',
  mend: 'reindex database …; then alter database … refresh collation version. Clusters that Banyan makes use builtin C.UTF-8, which never changes.',
  *find({ database }: Facts): Iterable<Found> {
    if (database?.collationChanged !== true) return
    yield { file: null, line: null, what: 'The collation of the database has changed its version.' }
  },
}
