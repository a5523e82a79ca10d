/** What is granted to one request, one connection, one server: the gateway's limits, as far as HAProxy has them. */
export type HaproxyLimits = {
  readonly headerBytesMax: number
  readonly bodyBytesMax: number
  readonly headersTimeoutMs: number
  /** For a body that is read before it is sent on. */
  readonly requestTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly stalledTimeoutMs: number
  readonly answerTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly heldBytesMax: number
  readonly retriesMax: number
  readonly waitMs: number
  readonly waitingMax: number
  /** For connections that are passed on as they are. */
  readonly halfClosedTimeoutMs: number
  readonly checkIntervalMs: number
  readonly recheckIntervalMs: number
  readonly checkTimeoutMs: number
}

/** Those of the gateway. */
export const defaultLimits: HaproxyLimits = {
  headerBytesMax: 16_384,
  bodyBytesMax: 1_073_741_824,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 5_000,
  stalledTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
  connectTimeoutMs: 2_000,
  heldBytesMax: 65_536,
  retriesMax: 2,
  waitMs: 2_000,
  waitingMax: 1_000,
  halfClosedTimeoutMs: 600_000,
  checkIntervalMs: 1_000,
  recheckIntervalMs: 100,
  checkTimeoutMs: 1_000,
}
