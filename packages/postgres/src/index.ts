export { bucketOf, bucketSql, buckets, hashKey } from './bucket.ts'
export {
  type Catalog,
  type CatalogMember,
  catalogChannel,
  holdChannel,
  holdingName,
  watcherName,
} from './cluster/cluster-schema.ts'
export {
  claimKeySql,
  forgetKeysSql,
  recallKeySql,
  storeResultSql,
} from './cluster/idempotency.ts'
export { formatLsn, type Lsn, parseLsn } from './cluster/lsn.ts'
export {
  type MemberFacts,
  type MemberRow,
  memberFactsOf,
  memberFactsSql,
} from './cluster/member-facts.ts'
export { ensureReplicator } from './cluster/replicator.ts'
export { type Key, parseKey } from './key.ts'
export { keyPolicy } from './narrow/policies.ts'
export { grantNarrow, hasNarrow, revokeNarrow } from './narrow/roles.ts'
export { keySql, narrowSql, widenSql } from './narrow/setting.ts'
export { findNotNarrow } from './narrow/sync-narrow.ts'
export { type PlantedFault, plantedFault, plantedFaults } from './planted.ts'
export { type DatabaseOptions, prepareDatabase } from './prepare-database.ts'
export { proofSchema, proofSql } from './proof/proof-schema.ts'
export { quoteName } from './quote.ts'
export {
  adminRole,
  appRole,
  ownerRole,
  replicatorRole,
  wideRole,
} from './roles.ts'
export { scramVerifier } from './scram.ts'
export type { Fault } from './tables/faults.ts'
export { constraintNameOf, type Lookup, lookupOf } from './tables/names.ts'
export { dropUndeclared, type Synced, type SyncOptions, syncTables } from './tables/sync-tables.ts'
