import type { Facts, Found, Rule } from '../../rule.ts'

export const replicationRole: Rule = {
  id: 'replication-role',
  rungs: ['split', 'cached', 'sharded'],
  severity: 'blocks',
  what: 'An adopted database whose user may not replicate.',
  why: 'Moves and the changefeed need a replication slot.',
  mend: 'alter role … replication; on RDS grant rds_replication to it.',
  *find({ database }: Facts): Iterable<Found> {
    // Where the server is ours, control has its own roles.
    if (database === null || !database.adopted) return
    const { user, role } = database
    if (role.superuser || role.replication) return
    yield { file: null, line: null, what: `The user ${user} of the database may not replicate.` }
  },
}
