import { changedCollation } from './database/rules/changed-collation.ts'
import { fewConnections } from './database/rules/few-connections.ts'
import { fewSlots } from './database/rules/few-slots.ts'
import { largeObjects } from './database/rules/large-objects.ts'
import { noFailoverSlots, oldVersion } from './database/rules/old-version.ts'
import { preparedTransactions } from './database/rules/prepared-transactions.ts'
import { replicationRole } from './database/rules/replication-role.ts'
import { walLevel } from './database/rules/wal-level.ts'
import type { Rule } from './rule.ts'
import { abruptStop } from './sources/rules/abrupt-stop.ts'
import { broadcastMemory } from './sources/rules/broadcast-memory.ts'
import { cronInWeb } from './sources/rules/cron-in-web.ts'
import { fixedPort } from './sources/rules/fixed-port.ts'
import { intervalInWeb } from './sources/rules/interval-in-web.ts'
import { localDatabase } from './sources/rules/local-database.ts'
import { localFiles } from './sources/rules/local-files.ts'
import { uploads } from './sources/rules/local-uploads.ts'
import { moduleState } from './sources/rules/module-state.ts'
import { otherDriver } from './sources/rules/other-driver.ts'
import { ownPool } from './sources/rules/own-pool.ts'
import { rateLimitMemory } from './sources/rules/rate-limit-memory.ts'
import { sessionMemory } from './sources/rules/session-memory.ts'
import { advisoryLock } from './sql/rules/advisory-lock.ts'
import { foreignKeyAcrossKeys } from './sql/rules/foreign-key-across-keys.ts'
import { joinAcrossKeys } from './sql/rules/join-across-keys.ts'
import { keyNotInPrimaryKey } from './sql/rules/key-not-in-primary-key.ts'
import { listen } from './sql/rules/listen.ts'
import { noPrimaryKey } from './sql/rules/no-primary-key.ts'
import { noTableDeclared } from './sql/rules/no-table-declared.ts'
import { numberedId } from './sql/rules/numbered-id.ts'
import { onConflictLookup } from './sql/rules/on-conflict-lookup.ts'
import { onConflictNothing } from './sql/rules/on-conflict-nothing.ts'
import { poolOnSharded } from './sql/rules/pool-on-sharded.ts'
import { queryWithoutKey } from './sql/rules/query-without-key.ts'
import { scopeWithoutKey } from './sql/rules/scope-without-key.ts'
import { undeclaredTable } from './sql/rules/undeclared-table.ts'
import { uniqueWithoutKey } from './sql/rules/unique-without-key.ts'
import { unloggedTable } from './sql/rules/unlogged-table.ts'

/** Every rule of the doctor. docs/reference/doctor.md is made from this table. */
export const rules: readonly Rule[] = [
  // The app's code.
  fixedPort,
  ownPool,
  otherDriver,
  localDatabase,
  sessionMemory,
  broadcastMemory,
  uploads,
  cronInWeb,
  intervalInWeb,
  moduleState,
  rateLimitMemory,
  localFiles,
  abruptStop,
  // Its SQL, and its migrations.
  onConflictLookup,
  onConflictNothing,
  keyNotInPrimaryKey,
  uniqueWithoutKey,
  noPrimaryKey,
  unloggedTable,
  listen,
  advisoryLock,
  noTableDeclared,
  undeclaredTable,
  numberedId,
  foreignKeyAcrossKeys,
  joinAcrossKeys,
  queryWithoutKey,
  poolOnSharded,
  scopeWithoutKey,
  // The database as it is.
  changedCollation,
  walLevel,
  replicationRole,
  fewConnections,
  fewSlots,
  noFailoverSlots,
  oldVersion,
  preparedTransactions,
  largeObjects,
]
