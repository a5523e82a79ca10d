import type { Facts, Found, Rule } from '../../rule.ts'

export const walLevel: Rule = {
  id: 'wal-level',
  rungs: ['split', 'cached', 'sharded'],
  severity: 'blocks',
  what: 'A database whose `wal_level` is not `logical`.',
  why: 'Moves and the changefeed read the committed changes from its log by logical replication.',
  mend: "alter system set wal_level = 'logical', then restart the server; managed services have a switch for it (rds.logical_replication, cloudsql.logical_decoding).",
  *find({ database }: Facts): Iterable<Found> {
    const level = database?.settings.wal_level
    if (level === undefined || level === 'logical') return
    yield { file: null, line: null, what: `wal_level of the database is ${level}.` }
  },
}
