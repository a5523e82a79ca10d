import type { Server } from 'node:http'

/** What a single request may take. All have defaults that suit a JSON API. */
export type Limits = {
  /** Most bytes of all headers together; more is answered with 431. Default 16,384. */
  readonly headerBytesMax: number
  /** Most bytes of a body; more is answered with 413. Default 1,048,576, or Fastify's `bodyLimit`. */
  readonly bodyBytesMax: number
  /** How long the headers may take to arrive, else 408. Default 10,000. */
  readonly headersTimeoutMs: number
  /** How long the whole request may take to arrive, else 408. Default 60,000. */
  readonly requestTimeoutMs: number
  /** How long an idle connection stays open; clients are told. Default 5,000. */
  readonly keepAliveTimeoutMs: number
}

export const defaultLimits: Limits = {
  headerBytesMax: 16_384,
  bodyBytesMax: 1_048_576,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 5_000,
}

/**
 * A client that honours the advertised timeout may send until its very end; what it sent then still
 * has to travel. So the connection stays open for this long beyond the advertised time.
 */
export const keepAliveGraceMs = 1_000

/** Defaults, then what the app knows of itself, then what the caller of `serve` says. */
export function resolveLimits(fromApp: Partial<Limits>, fromCaller: Partial<Limits>): Limits {
  return { ...defaultLimits, ...fromApp, ...fromCaller }
}

/** Node reads all of these when it starts to listen or when a connection comes, so before either. */
export function applyLimits(server: Server, limits: Limits): void {
  const settings = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    keepAliveTimeoutBuffer: keepAliveGraceMs,
    // How often Node looks for requests that are late; its default of 30 s would be far too coarse.
    connectionsCheckingInterval: 1_000,
  }
  Object.assign(server, settings)
}
