import type { Facts, Found, Rule } from '../../rule.ts'

export const preparedTransactions: Rule = {
  id: 'prepared-transactions',
  rungs: ['sharded'],
  severity: 'blocks',
  what: 'A database that allows no prepared transactions.',
  why: 'A transaction on two shards is prepared on both before it is committed.',
  mend: 'alter system set max_prepared_transactions = 100, then restart the server.',
  *find({ database }: Facts): Iterable<Found> {
    if (database?.settings.max_prepared_transactions !== '0') return
    yield { file: null, line: null, what: 'max_prepared_transactions of the database is 0.' }
  },
}
