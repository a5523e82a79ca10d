import type {
  BusinessAnswer,
  LogPage,
  LogQuery,
  Mark,
  MetricAnswer,
  MetricQuery,
  StoreHealth,
  Time,
  Trace,
  TracePage,
  TraceQuery,
} from '@banyan/store/api'
import { get, post } from '../api/ask.ts'
import { queryString } from './query-string.ts'

/*
 * The store, asked by way of control. Each throws an ApiError in the server's words; one with status 503 says that
 * the store is away, which isAway tells from other troubles.
 */

/** The series that a question asks for. */
export const queryMetric = (asked: MetricQuery, signal?: AbortSignal): Promise<MetricAnswer> =>
  post('/api/store/query', asked, signal)

/** A page of log lines, newest first. */
export const findLines = (asked: LogQuery, signal?: AbortSignal): Promise<LogPage> =>
  get(`/api/store/logs${queryString(asked)}`, signal)

/** Where log lines are followed as they come. */
export const followAddress = (asked: LogQuery): string =>
  `/api/store/logs/follow${queryString(asked)}`

/** Traces that fit. */
export const findTraces = (asked: TraceQuery, signal?: AbortSignal): Promise<TracePage> =>
  get(`/api/store/traces${queryString(asked)}`, signal)

/** One trace with its spans. */
export const readTrace = (trace: string, signal?: AbortSignal): Promise<Trace> =>
  get(`/api/store/traces/${encodeURIComponent(trace)}`, signal)

/** The business metrics of the app. */
export const readBusiness = (signal?: AbortSignal): Promise<BusinessAnswer> =>
  get('/api/store/business', signal)

/** What happened to the system in a stretch of time. */
export const readMarks = (
  asked: { readonly from: Time; readonly to: Time },
  signal?: AbortSignal,
): Promise<readonly Mark[]> => get(`/api/store/marks${queryString(asked)}`, signal)

/** How the store itself is. */
export const readHealth = (signal?: AbortSignal): Promise<StoreHealth> =>
  get('/api/store/health', signal)
