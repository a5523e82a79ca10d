import type { Facts, Found, Rule } from '../../rule.ts'
import { findAll, locationOf, namesOf } from '../tree.ts'

export const advisoryLock: Rule = {
  id: 'advisory-lock',
  rungs: ['replicated', 'sharded'],
  severity: 'advice',
  what: 'Advisory locks.',
  why: 'They live in the memory of one server: a failover forgets them while their holder goes on, and each shard has its own.',
  mend: 'Take them as pg_advisory_xact_lock in the transaction that they guard, in the scope of the key that they are about; for anything longer use a row with a lease.',
  *find({ statements }: Facts): Iterable<Found> {
    for (const { source, kind, node, lineAt } of statements) {
      for (const call of findAll({ [kind]: node }, 'FuncCall')) {
        const name = namesOf(call.funcname).at(-1) ?? ''
        if (!/^pg_(try_)?advisory_(xact_)?lock(_shared)?$/.test(name)) continue
        // Those of a transaction end with it, also in a failover; on shards they are still several.
        const rungs = name.includes('xact') ? (['sharded'] as const) : rule.rungs
        yield {
          file: source.path,
          line: lineAt(locationOf(call)),
          what: `It takes a lock with ${name}.`,
          rungs,
        }
      }
    }
  },
}

const rule = advisoryLock
