import type { ErrorDescription } from '@banyan/model'
import type { Progress, Report } from '../report.ts'

/** Where a scenario comes from. */
export type ScenarioSource =
  /** A module whose default export is one. */
  | { readonly kind: 'file'; readonly path: string }
  /** What `/-/prove` offers, to whoever has its token. */
  | { readonly kind: 'built-in'; readonly token: string }
  /** GET on one path. */
  | { readonly kind: 'front-page'; readonly path: string }

/** What a prover is told, on its standard input: a token does not belong on a command line. */
export type Job = {
  readonly scenario: ScenarioSource
  readonly url: string
  readonly rate?: number
  readonly seconds?: number
  readonly seed?: number
  readonly connections?: number
  readonly timeoutMs?: number
  readonly oneRequest?: number
  readonly webSockets?: number
  readonly webSocketPath?: string
}

/** What a prover says, on descriptor 3, as lines of JSON. */
export type Said =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'error'; readonly error: ErrorDescription }
  /** The process ends before there was a report, and not because we end it. */
  | {
      readonly kind: 'ended'
      readonly code: number
      readonly place: string | null
      readonly what: string
    }
  /** Nothing but the scenario has run for too long. */
  | {
      readonly kind: 'stuck'
      readonly what: string
      readonly place: string | null
      readonly seconds: number
    }

/** Said to a prover on its standard input: end the load, then verify and report. */
export const stopWord = 'stop'
