import type { Facts, Found, Rule } from '../../rule.ts'

export const listen: Rule = {
  id: 'listen',
  rungs: ['split', 'replicated', 'sharded'],
  severity: 'advice',
  what: 'LISTEN.',
  why: 'It holds for one connection to one server: after the database has moved or failed over nothing is heard, and what was said in between is lost. On several shards each speaks for itself.',
  mend: 'After every new connection LISTEN again, then read what was missed from a table; and look now and then without being told.',
  *find({ statements }: Facts): Iterable<Found> {
    for (const { source, kind, lineAt } of statements) {
      if (kind !== 'ListenStmt') continue
      yield { file: source.path, line: lineAt(0), what: 'It listens on one connection.' }
    }
  },
}
