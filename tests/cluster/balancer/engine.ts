// The balancers that the same promises are held against. Not a test.
import { test } from 'node:test'
import type { GatewayLimits } from '@banyan/gateway'
import type { GatewayFile, GatewayStatus } from '@banyan/model'
import type { Difference } from './differences.ts'
import { gatewayEngine } from './gateway-engine.ts'
import { haproxyEngine } from './haproxy-engine.ts'

/** A balancer that runs, as control sees it. */
export type RunningBalancer = {
  readonly port: number
  status(): Promise<GatewayStatus>
  /** Has it take another file, and returns once that holds. */
  tell(file: GatewayFile): Promise<void>
  /** Ends it in order; resolves when it has ended. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The program that control starts, on a public socket that the test holds. */
export type BalancerProgram = RunningBalancer & {
  readonly pid: number
  /** What it says at its private address. */
  isReady(): Promise<boolean>
  kill(signal: NodeJS.Signals): void
  /** Starts it again on the same socket. */
  again(): Promise<void>
  /** Resolves with its exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals>
}

/** What one kind of balancer is started with. */
export type BalancerEngine = {
  readonly name: 'gateway' | 'haproxy'
  /** Why it cannot run here. */
  readonly missing: string | null
  /** Starts one, once every server in its file has been found healthy. */
  start(file: GatewayFile, limits?: Partial<GatewayLimits>): Promise<RunningBalancer>
  /** The same as a process of its own, whatever that takes. */
  run(file: GatewayFile): Promise<BalancerProgram>
  /** Whether it is known to differ here; see differences.ts. */
  differs(difference: Difference): boolean
}

const engines: readonly BalancerEngine[] = [gatewayEngine, haproxyEngine]

/** Declares one test, under the name of its engine. */
export type Promised = (name: string, body: () => Promise<void>) => void

/**
 * Declares the same tests for every balancer. `BANYAN_BALANCER` names the only one that is to run.
 *
 * @example
 * onEveryEngine((engine, promise) => {
 *   promise('a path without a route is a 404', async () => { … })
 * })
 */
export function onEveryEngine(define: (engine: BalancerEngine, promise: Promised) => void): void {
  const only = process.env.BANYAN_BALANCER
  for (const engine of engines) {
    if (only !== undefined && engine.name !== only) continue
    define(engine, (name, body) => {
      test(`${engine.name}: ${name}`, { skip: engine.missing ?? false }, body)
    })
  }
}
