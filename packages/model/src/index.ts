export {
  type AnswerCounts,
  type CountingAnswers,
  countAnswer,
  countBeyond,
  emptyCounts,
  minus,
  quantile,
  sum,
} from './answer-counts.ts'
export { BanyanError, type BanyanErrorOptions, type ErrorDescription } from './banyan-error.ts'
export { type CommandReading, readCommand, splitCommand } from './command.ts'
export { memberUrls, withPlace } from './database-hosts.ts'
export {
  connectionUrl,
  type DatabaseUrl,
  parseDatabaseUrl,
  withSessionSetting,
} from './database-url.ts'
export { describeValue } from './describe-value.ts'
export { statusOf } from './error-status.ts'
export { type ErrorCode, errorCatalogue } from './errors.ts'
export { type Complaint, type Fault, FaultList, sayFault } from './faults.ts'
export type { FoundFiles } from './found-files.ts'
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
export { Histogram } from './histogram.ts'
export { copyJsonLike } from './json-like.ts'
export { nearestName } from './nearest-name.ts'
export { resolvePath } from './paths.ts'
export { joinPlace } from './place.ts'
export { isReached } from './plan/reached.ts'
export { nextStep, plan } from './plan.ts'
export {
  type Dropped,
  delayResolutionMs,
  type MeteredDelay,
  type MeteredLoop,
  type MeteredProcess,
  ProcessMeter,
} from './process-meter.ts'
export {
  type HistogramCounts,
  type MetricLabels,
  type MetricName,
  MetricsText,
  metricsContentType,
} from './prometheus-text.ts'
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
export { sayHold, sayList } from './say-list.ts'
export {
  describeStep,
  type StepDescription,
  sentenceOf,
  simulate,
} from './simulate.ts'
export {
  emptyState,
  emptyTopology,
  findNode,
  type Goal,
  isBalancer,
  membersOf,
  type RunningNode,
  type State,
} from './state.ts'
export { nodeOf, type Step, type StepKind, type StepOf } from './step.ts'
export type { StepRow } from './step-row.ts'
export { stepTable } from './step-table.ts'
export type * from './system.ts'
export {
  type BusinessMetric,
  type BusinessMetricInput,
  defaultTelemetry,
  type MetricsTarget,
  type ProcessTelemetry,
  type SpanReceiver,
  type TelemetryInput,
  type TelemetrySystem,
} from './telemetry.ts'
export {
  controlMetrics,
  entryMetrics,
  findMetric,
  type Metric,
  type MetricKind,
  metrics,
  operationBuckets,
  processMetrics,
  requestBuckets,
  serveMetrics,
  storeMetrics,
} from './telemetry-names.ts'
export type * from './topology.ts'
export { openSender, type SenderHost, type SpanSource } from './tracing/open-sender.ts'
export { type HexMemory, RandomIds } from './tracing/random-ids.ts'
export {
  clockOffset,
  type KeptTrace,
  type SpanAttributes,
  type SpanKind,
  type SpanRecord,
} from './tracing/span.ts'
export type { SpanSender } from './tracing/span-sender.ts'
export {
  isTraceparent,
  readTraceparent,
  type TraceParent,
  traceparentOf,
} from './tracing/trace-context.ts'
export { type InShare, traceShare } from './tracing/trace-share.ts'
