import type { Statement } from './migration.ts'

/** What refuses a transaction, or may end it from within. */
const looseKinds = new Set([
  'VacuumStmt',
  'ClusterStmt',
  'CallStmt',
  'DoStmt',
  'CreatedbStmt',
  'DropdbStmt',
  'AlterSystemStmt',
  'AlterDatabaseStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'CreateSubscriptionStmt',
  'AlterSubscriptionStmt',
  'DropSubscriptionStmt',
  'CheckPointStmt',
  'TransactionStmt',
])

type Command = {
  AlterTableCmd?: { subtype?: string; def?: { PartitionCmd?: { concurrent?: boolean } } }
}
type Option = { DefElem?: { defname?: string } }

/** Whether a statement is done or not done, and so can be written down together with its record. */
export function isAtomic(statement: Statement): boolean {
  const { kind } = statement
  return kind !== null && !looseKinds.has(kind) && !isConcurrent(statement)
}

/** Whether it can be run again when nobody knows how it ended. */
export function isRepeatable(statement: Statement): boolean {
  const { kind, node } = statement
  if (isAtomic(statement)) return true
  if (kind === 'IndexStmt') return typeof node.idxname === 'string'
  if (kind === 'DropStmt') return node.missing_ok === true
  return kind === 'VacuumStmt' || kind === 'ReindexStmt' || kind === 'ClusterStmt'
}

/** The forms with CONCURRENTLY, which wait for others without anybody waiting for them. */
export function isConcurrent({ kind, node }: Statement): boolean {
  if (kind === 'ReindexStmt')
    return ((node.params ?? []) as Option[]).some(
      ({ DefElem }) => DefElem?.defname === 'concurrently',
    )
  if (kind === 'AlterTableStmt')
    return ((node.cmds ?? []) as Command[]).some(
      ({ AlterTableCmd }) => AlterTableCmd?.def?.PartitionCmd?.concurrent === true,
    )
  // A materialised view refreshes concurrently inside a transaction as well.
  return kind !== 'RefreshMatViewStmt' && node.concurrent === true
}
