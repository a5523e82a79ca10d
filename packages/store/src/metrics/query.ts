import { setImmediate as turn } from 'node:timers/promises'
import type { MetricAnswer, MetricQuery } from '../api/types.ts'
import { addGauges, type GaugeFunction, gaugeValues, noGauges } from './gauges.ts'
import { addGains, addUp, type Gains, type Grid, noGains } from './increase.ts'
import type { Metrics, Spans } from './metrics.ts'
import { quantile } from './quantile.ts'
import type { FamilySamples } from './samples.ts'
import { keyOf, type Labels, type Series } from './series.ts'

/** So much more on either side, so that the first and the last step have a neighbour. */
const besideMs = 35_000

/** Less of a step than this is known: what is said of it would be a guess. */
const knownMin = 0.25

/** One set of the labels that stay, with everything that is added up under it. */
type Group = {
  readonly labels: Labels
  /** By the bound of the bucket, or by the role. */
  readonly gains: Map<string, Gains & { readonly le: number | null }>
  readonly gauges: ReturnType<typeof noGauges>
}

/** Answers a query that was found valid; `now` is the machine's clock. */
export async function answerMetric(
  metrics: Metrics,
  query: MetricQuery,
  now: number,
): Promise<MetricAnswer> {
  const { from, to, stepMs } = query
  const grid: Grid = { from, stepMs, steps: Math.max(0, Math.ceil((to - from) / stepMs)) }
  const groups = new Map<string, Group>()
  for (const family of metrics.families(query.metric)) {
    const wanted = [...family.series.values()].filter((series) => isWanted(series, query))
    if (wanted.length === 0) continue
    const samples = metrics.samples(family, from - besideMs, to + besideMs, stepMs, now)
    const spans = metrics.spansOf(samples)
    for (const series of wanted) take(groups, query, grid, samples, series, spans)
    await turn()
  }
  const series = [...groups.values()]
    .map((group) => ({ labels: group.labels, values: valuesOf(group, query, grid) }))
    .filter(({ values }) => values.some((value) => value !== null))
  return { stepMs, series }
}

function isWanted({ role, labels }: Series, { where = {}, fn }: MetricQuery): boolean {
  if (!rolesOf(fn).includes(role)) return false
  return Object.entries(where).every(([name, value]) => {
    const has = labels[name] ?? ''
    return typeof value === 'string' ? has === value : value.includes(has)
  })
}

const rolesOf = (fn: MetricQuery['fn']): readonly Series['role'][] => {
  if (fn === 'quantile') return ['bucket']
  if (fn === 'mean') return ['sum', 'count']
  return fn === 'rate' || fn === 'increase' ? ['value', 'count'] : ['value']
}

function take(
  groups: Map<string, Group>,
  { fn, by = [] }: MetricQuery,
  grid: Grid,
  { rows, times }: FamilySamples,
  series: Series,
  { gapMs, holdMs }: Spans,
): void {
  const values = rows.get(series.id)
  if (values === undefined) return
  const group = groupOf(groups, series.labels, by, grid)
  if (isGauge(fn)) {
    addGauges(group.gauges, grid, { times, values, holdMs }, fn)
    return
  }
  const gains = noGains(grid)
  addGains(gains, grid, { times, values, gapMs, bornAtZero: series.family.bornAtZero })
  const key = `${series.role} ${series.le}`
  const sum = group.gains.get(key) ?? { ...noGains(grid), le: series.le }
  group.gains.set(key, sum)
  addUp(sum, gains)
}

const isGauge = (fn: MetricQuery['fn']): fn is GaugeFunction =>
  fn === 'sum' || fn === 'max' || fn === 'min'

function groupOf(
  groups: Map<string, Group>,
  labels: Labels,
  by: readonly string[],
  grid: Grid,
): Group {
  const left = Object.fromEntries(
    by.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])),
  )
  const key = keyOf(left)
  const group = groups.get(key) ?? { labels: left, gains: new Map(), gauges: noGauges(grid) }
  groups.set(key, group)
  return group
}

function valuesOf(group: Group, query: MetricQuery, grid: Grid): (number | null)[] {
  const { fn } = query
  if (isGauge(fn)) return gaugeValues(group.gauges)
  const parts = [...group.gains.values()]
  return Array.from({ length: grid.steps }, (_, step) => {
    const known = Math.max(0, ...parts.map((part) => part.known[step] as number))
    if (known < grid.stepMs * knownMin) return null
    return valueAt(group, query, step, known)
  })
}

function valueAt(
  { gains }: Group,
  { fn, q = 0.5 }: MetricQuery,
  step: number,
  knownMs: number,
): number | null {
  const gained = (part: Gains | undefined) =>
    part === undefined ? 0 : (part.gained[step] as number)
  const parts = [...gains.values()]
  if (fn === 'quantile')
    return quantile(
      q,
      parts.map((part) => ({ le: part.le ?? Number.NaN, count: gained(part) })),
    )
  if (fn === 'mean') {
    const count = gained(gains.get('count null'))
    return count > 0 ? gained(gains.get('sum null')) / count : null
  }
  const sum = parts.reduce((all, part) => all + gained(part), 0)
  return fn === 'rate' ? sum / (knownMs / 1_000) : sum
}
