import type { Facts, Found, Rule } from '../../rule.ts'

/** What a web process takes at most on a small server; two of them and a deploy have to fit. */
const needed = 40

export const fewConnections: Rule = {
  id: 'few-connections',
  rungs: ['balanced', 'elastic'],
  severity: 'advice',
  what: 'An adopted database that allows fewer than 40 connections.',
  why: 'Every web server has connections of its own, and during a release there are twice as many servers.',
  mend: 'alter system set max_connections = 100, then restart the server; or take a larger size of the managed service.',
  *find({ database }: Facts): Iterable<Found> {
    if (database === null || !database.adopted) return
    const allowed = Number(database.settings.max_connections)
    if (!(allowed < needed)) return
    const what = `max_connections of the database is ${allowed}; ${database.sessions} are in use.`
    yield { file: null, line: null, what }
  },
}
