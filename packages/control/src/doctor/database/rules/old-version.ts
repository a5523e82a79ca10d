import type { Facts, Found, Rule } from '../../rule.ts'

/** Row filters of publications, by which a bucket moves. */
const rowFilters = 15

/** Slots that survive a failover. */
const failoverSlots = 17

export const oldVersion: Rule = {
  id: 'old-version',
  rungs: ['sharded'],
  severity: 'blocks',
  what: 'PostgreSQL older than 15.',
  why: 'A part of a table moves by a row filter, which PostgreSQL knows since version 15.',
  mend: 'Upgrade it with pg_upgrade, or let `split` move the data to a newer server.',
  *find({ database }: Facts): Iterable<Found> {
    if (database === null || database.major >= rowFilters) return
    yield { file: null, line: null, what: `The database is PostgreSQL ${database.version}.` }
  },
}

export const noFailoverSlots: Rule = {
  id: 'no-failover-slots',
  rungs: ['replicated', 'cached'],
  severity: 'advice',
  what: 'PostgreSQL older than 17.',
  why: 'Before version 17 a replication slot is gone after a failover: caches are emptied then, and a move begins again.',
  mend: 'Upgrade it with pg_upgrade, or let `split` move the data to a newer server.',
  *find({ database }: Facts): Iterable<Found> {
    if (database === null || database.major >= failoverSlots) return
    yield { file: null, line: null, what: `The database is PostgreSQL ${database.version}.` }
  },
}
