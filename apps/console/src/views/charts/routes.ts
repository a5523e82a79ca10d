import type { MetricAnswer } from '@banyan/store/api'
import type { Ask } from './panels.ts'
import { keyOf } from './series.ts'

/** One route over a whole window. */
export type RouteRow = {
  readonly key: string
  readonly method: string
  readonly route: string
  readonly count: number
  readonly perS: number
  readonly errors: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

export type RouteColumn = 'route' | 'count' | 'perS' | 'errors' | 'p50' | 'p95' | 'p99'

const metric = 'http_server_request_duration_seconds'
const where = { tier: 'web' }
const byRoute = ['http_request_method', 'http_route']

/** How many by route and status, step by step: what of the window is known is seen by it. */
export const countAsk: Ask = {
  metric,
  where,
  fn: 'increase',
  by: [...byRoute, 'http_response_status_code'],
}

/** Three percentiles, which cannot be added up: they are asked for with a single step, the known time. */
export const percentileAsks: readonly Ask[] = [0.5, 0.95, 0.99].map((q) => ({
  metric,
  where,
  fn: 'quantile',
  q,
  by: byRoute,
}))

/** From the first step that anything is known of, to the last one. Null: nothing is known. */
export const knownSpan = (
  { series, stepMs }: MetricAnswer,
  from: number,
): { readonly from: number; readonly to: number } | null => {
  const at = series.flatMap(({ values }) =>
    values.flatMap((value, i) => (value === null ? [] : [i])),
  )
  const [first, last] = [
    at.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    at.reduce((a, b) => Math.max(a, b), -1),
  ]
  return last < 0 ? null : { from: from + first * stepMs, to: from + (last + 1) * stepMs }
}

/** The rows of the answers, over so much known time. */
export const routeRows = (
  counts: MetricAnswer,
  percentiles: readonly MetricAnswer[],
  knownMs: number,
): RouteRow[] => {
  const found = percentiles.map(
    (answer) =>
      new Map(answer.series.map(({ labels, values }) => [keyOf(labels), values[0] ?? null])),
  )
  const byKey = Map.groupBy(counts.series, ({ labels }) => keyOf(routeLabels(labels)))
  return [...byKey].map(([key, series]) => {
    const sum = (fits: (status: string) => boolean) =>
      series
        .filter(({ labels }) => fits(labels.http_response_status_code ?? ''))
        .reduce((total, { values }) => total + sumOf(values), 0)
    const labels = series[0]?.labels ?? {}
    const count = sum(() => true)
    return {
      key,
      method: labels.http_request_method ?? '',
      route: labels.http_route ?? '',
      count,
      perS: count / (knownMs / 1000),
      errors: sum((status) => /^5/.test(status)),
      p50: found[0]?.get(key) ?? null,
      p95: found[1]?.get(key) ?? null,
      p99: found[2]?.get(key) ?? null,
    }
  })
}

const sumOf = (values: readonly (number | null)[]): number =>
  values.reduce<number>((sum, value) => sum + (value ?? 0), 0)

const routeLabels = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    byRoute.filter((name) => name in labels).map((name) => [name, labels[name] ?? '']),
  )

/** By a column, numbers from the largest, names from A. */
export const sortRows = (rows: readonly RouteRow[], column: RouteColumn): RouteRow[] =>
  rows.toSorted((a, b) =>
    column === 'route'
      ? a.route.localeCompare(b.route) || a.method.localeCompare(b.method)
      : (b[column] ?? -1) - (a[column] ?? -1) || a.route.localeCompare(b.route),
  )
