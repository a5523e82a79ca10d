/** What the entry, whatever its engine, grants to one request, one connection, one server. Times are milliseconds. */
export type GatewayLimits = {
  /** Most bytes of all headers of a request together; more is answered with 431. Default 16,384. */
  readonly headerBytesMax: number
  /** Most bytes of a body; more is answered with 413. The service has a limit of its own. Default 1 GiB. */
  readonly bodyBytesMax: number
  /** How long the headers of a request may take to arrive, else 408. Default 10,000. */
  readonly headersTimeoutMs: number
  /** How long a whole request may take to arrive; then its connection is cut, as a server may have a part of it. Default 60,000. */
  readonly requestTimeoutMs: number
  /** How long an idle connection of a client stays open; clients are told. Default 5,000. */
  readonly keepAliveTimeoutMs: number
  /** How long a client may take nothing of what is written to it; then it is cut. Default 60,000. */
  readonly stalledTimeoutMs: number
  /** How long a server may take to begin its answer, else 504 or another server. Default 60,000. */
  readonly answerTimeoutMs: number
  /** How long a connection to a server may take to open. Default 2,000. */
  readonly connectTimeoutMs: number
  /** Most bytes of the headers of an answer; more is a 502. Default 65,536. */
  readonly answerHeadBytesMax: number
  /** Bodies up to this size are kept until they are complete, so that another server can be tried. Default 65,536. */
  readonly heldBytesMax: number
  /** How often a request that a server may have seen is sent to another one. Default 2. */
  readonly retriesMax: number
  /** How long a request waits for a healthy server, else 503. Default 2,000. */
  readonly waitMs: number
  /** How many requests may wait so at once. Default 1,000. */
  readonly waitingMax: number
  /** Most connections to one server. Default 1,000. */
  readonly connectionsMax: number
  /** How long a connection that is passed on as it is may keep silent once one side has ended; then it is cut. Default 600,000. */
  readonly halfClosedTimeoutMs: number
  /** How often a healthy server is asked whether it still is. Default 1,000. */
  readonly checkIntervalMs: number
  /** How often one that is not healthy is asked whether it is back. Default 100. */
  readonly recheckIntervalMs: number
  /** How long a server may take to answer that. Default 1,000. */
  readonly checkTimeoutMs: number
}

/** What is granted where nobody says otherwise. */
export const gatewayLimits: GatewayLimits = {
  headerBytesMax: 16_384,
  bodyBytesMax: 1_073_741_824,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 5_000,
  stalledTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
  connectTimeoutMs: 2_000,
  answerHeadBytesMax: 65_536,
  heldBytesMax: 65_536,
  retriesMax: 2,
  waitMs: 2_000,
  waitingMax: 1_000,
  connectionsMax: 1_000,
  halfClosedTimeoutMs: 600_000,
  checkIntervalMs: 1_000,
  recheckIntervalMs: 100,
  checkTimeoutMs: 1_000,
}
