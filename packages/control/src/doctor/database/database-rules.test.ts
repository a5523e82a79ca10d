import type { Case } from '../test-cases.ts'
import { testCases } from '../test-run.ts'

const fits = { database: {} }
const settings = (name: string, value: string) => ({ database: { settings: { [name]: value } } })

const cases: readonly Case[] = [
  {
    rule: 'changed-collation',
    finds: [[{ database: { collationChanged: true } }, null]],
    leaves: [fits, {}],
  },
  { rule: 'wal-level', finds: [[settings('wal_level', 'replica'), null]], leaves: [fits, {}] },
  {
    rule: 'replication-role',
    finds: [[{ database: { role: { superuser: false, replication: false } } }, null]],
    leaves: [
      fits,
      { database: { role: { superuser: true, replication: false } } },
      { database: { adopted: false, role: { superuser: false, replication: false } } },
    ],
  },
  {
    rule: 'few-connections',
    finds: [[settings('max_connections', '25'), null]],
    leaves: [fits, { database: { adopted: false, settings: { max_connections: '25' } } }],
  },
  {
    rule: 'few-replication-slots',
    finds: [[settings('max_replication_slots', '0'), null]],
    leaves: [fits, { database: { adopted: false, settings: { max_wal_senders: '0' } } }],
  },
  { rule: 'no-failover-slots', finds: [[{ database: { major: 16 } }, null]], leaves: [fits] },
  { rule: 'old-version', finds: [[{ database: { major: 14 } }, null]], leaves: [fits] },
  {
    rule: 'prepared-transactions',
    finds: [[settings('max_prepared_transactions', '0'), null]],
    leaves: [fits, {}],
  },
  { rule: 'large-objects', finds: [[{ database: { largeObjects: true } }, null]], leaves: [fits] },
]

testCases(cases)
