import type { BusinessMetric } from '@banyan/model'
import type { LogQuery, TraceQuery } from './api/types.ts'

/** What the reading thread is asked. */
export type Question =
  | { readonly kind: 'logs'; readonly query: LogQuery }
  | { readonly kind: 'traces'; readonly query: TraceQuery }
  | { readonly kind: 'trace'; readonly trace: string }
  | { readonly kind: 'business'; readonly metrics: readonly BusinessMetric[]; readonly now: number }
  | { readonly kind: 'marks'; readonly from: number; readonly to: number }

export type ReaderRequest = {
  readonly id: number
  readonly question: Question
  /** Of the files, so that one that was begun anew is opened anew. */
  readonly generations: { readonly logs: number; readonly traces: number }
}

export type ReaderReply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string; readonly damaged: 'logs' | 'traces' | null }
