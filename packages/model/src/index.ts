export {
  type AnswerCounts,
  type CountingAnswers,
  countAnswer,
  countBeyond,
  emptyCounts,
  latencyBuckets,
  minus,
  quantile,
  sum,
} from './answer-counts.ts'
export { BanyanError, type BanyanErrorOptions, type ErrorDescription } from './banyan-error.ts'
export { type CommandReading, readCommand, splitCommand } from './command.ts'
export { memberUrls, withPlace } from './database-hosts.ts'
export {
  checkDatabaseUrl,
  connectionUrl,
  type DatabaseUrl,
  maskUrl,
  parseDatabaseUrl,
  withSessionSetting,
} from './database-url.ts'
export { describeValue } from './describe-value.ts'
export { statusOf } from './error-status.ts'
export { type ErrorCode, errorCatalogue } from './errors.ts'
export { type Complaint, type Fault, FaultList, sayFault } from './faults.ts'
export type { FoundFiles } from './found-files.ts'
export { freezeDeep } from './freeze.ts'
export {
  type Backend,
  type BackendStatus,
  type Balance,
  balances,
  defaultWeight,
  type EntryRequests,
  type GatewayFile,
  type GatewayPort,
  type GatewayRoute,
  type GatewayStatus,
  type LastWords,
  type ServeStatus,
  stickyCookie,
  weightMax,
} from './gateway-file.ts'
export { type GatewayLimits, gatewayLimits } from './gateway-limits.ts'
export type { Ground } from './ground.ts'
export {
  brokenByChange,
  brokenByClimb,
  brokenInvariants,
  type Invariant,
  invariants,
} from './invariants.ts'
export { copyJsonLike } from './json-like.ts'
export { nearestName } from './nearest-name.ts'
export { resolvePath } from './paths.ts'
export { joinPlace } from './place.ts'
export { isReached } from './plan/reached.ts'
export { nextStep, plan } from './plan.ts'
export type * from './proof-protocol.ts'
export { isPublic, publicServices, tcpPorts } from './public-services.ts'
export { refusals } from './refusals.ts'
export { defaultBalancer } from './resolve-balancer.ts'
export { type ResolveOptions, resolveSystem } from './resolve-system.ts'
export { covers, gatewayRoutes, parseRoute, type Route } from './routes.ts'
export {
  dependentsOf,
  findRungs,
  lastRung,
  nextRung,
  type Rung,
  rungs,
  topologyOf,
} from './rungs.ts'
export { sayList } from './say-list.ts'
export {
  describeStep,
  obstacleTo,
  type StepDescription,
  sentenceOf,
  simulate,
  undoOf,
} from './simulate.ts'
export {
  emptyState,
  emptyTopology,
  findNode,
  type Goal,
  isBalancer,
  membersOf,
  type RunningNode,
  runningEntries,
  runsCode,
  type State,
} from './state.ts'
export { nodeOf, type Step, type StepKind, type StepOf } from './step.ts'
export type { StepRow } from './step-row.ts'
export { stepTable } from './step-table.ts'
export type * from './system.ts'
export type * from './topology.ts'
