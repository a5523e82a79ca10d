import type { Facts, Found, Rule } from '../../rule.ts'

/** Two replicas, a changefeed, a move in each direction. */
const needed = 5

export const fewSlots: Rule = {
  id: 'few-replication-slots',
  rungs: ['replicated', 'sharded'],
  severity: 'blocks',
  what: 'An adopted database that allows fewer than five replication slots or WAL senders.',
  why: 'Each replica, the changefeed and each move takes one, and raising the number needs a restart.',
  mend: 'alter system set max_replication_slots = 10; alter system set max_wal_senders = 10; then restart the server.',
  *find({ database }: Facts): Iterable<Found> {
    if (database === null || !database.adopted) return
    for (const name of ['max_replication_slots', 'max_wal_senders']) {
      const value = Number(database.settings[name] ?? Number.NaN)
      if (value < needed)
        yield { file: null, line: null, what: `${name} of the database is ${value}.` }
    }
  },
}
