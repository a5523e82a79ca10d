import { isRecord } from '../is-record.ts'
import { beginReading, endReading } from '../metrics/reading.ts'
import type { NewSeries, Registry } from '../metrics/registry.ts'
import type { Target } from '../metrics/series.ts'
import { attributesOf, listOf, nodeOf, numberOf, textOf } from './values.ts'

/** One sample that somebody sent. */
type Pushed = NewSeries & { readonly value: number; readonly isDelta: boolean }

const units: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  By: 'bytes',
  '1': 'ratio',
  '%': 'percent',
}

/**
 * Takes the gauges, sums and histograms of an export request, each resource as a target of its own, under the
 * names that Prometheus would give them. Sums of what happened since the last time are added up. Names that a
 * system of Banyan emits itself are taken as they are from others, too: the labels tell who it was.
 */
export function takeMetrics(
  registry: Registry,
  request: unknown,
  at: number,
): { taken: number; dropped: number } {
  let taken = 0
  let dropped = 0
  for (const { resource, scopeMetrics } of listOf(
    isRecord(request) ? request.resourceMetrics : [],
  )) {
    const samples = listOf(scopeMetrics)
      .flatMap((scope) => listOf(scope.metrics))
      .flatMap(samplesOf)
    if (samples.length === 0) continue
    const target = registry.target({ node: nodeOf(resource), source: 'otlp' }, true)
    const before = lastValues(target)
    // Two requests of one millisecond are two readings all the same.
    const time = Math.max(at, Math.min((target.times.at(-1) ?? 0) + 1, at + 1_000))
    beginReading(registry, target, time)
    for (const sample of samples) {
      const series = registry.series(target, sample)
      if (series === null) {
        dropped += 1
        continue
      }
      registry.set(series, sample.value + (sample.isDelta ? (before.get(series.id) ?? 0) : 0), time)
      taken += 1
    }
    endReading(target)
  }
  return { taken, dropped }
}

function lastValues({ active }: Target): Map<number, number> {
  return new Map(
    active.map(({ id, values }) => [id, values.findLast((value) => !Number.isNaN(value)) ?? 0]),
  )
}

function samplesOf(metric: Record<string, unknown>): Pushed[] {
  const { gauge, sum, histogram } = metric
  if (isRecord(gauge)) return numbers(nameOf(metric, false), gauge, 'gauge', false)
  if (isRecord(sum)) {
    const kind = sum.isMonotonic === true ? 'counter' : 'gauge'
    return numbers(nameOf(metric, kind === 'counter'), sum, kind, isDelta(sum))
  }
  if (!isRecord(histogram)) return []
  return listOf(histogram.dataPoints).flatMap((point) =>
    parts(nameOf(metric, false), point, isDelta(histogram)),
  )
}

const isDelta = ({ aggregationTemporality }: Record<string, unknown>): boolean =>
  Number(aggregationTemporality) === 1

function numbers(
  metric: string,
  { dataPoints }: Record<string, unknown>,
  kind: 'counter' | 'gauge',
  delta: boolean,
): Pushed[] {
  return listOf(dataPoints).flatMap((point) => {
    const value = numberOf(point.asDouble) ?? numberOf(point.asInt)
    if (value === null) return []
    const own = labelsOf(point)
    return [{ metric, kind, role: 'value', le: null, own, value, isDelta: delta }]
  })
}

function parts(metric: string, point: Record<string, unknown>, delta: boolean): Pushed[] {
  const own = labelsOf(point)
  const part = (role: Pushed['role'], le: number | null, value: number): Pushed => {
    return { metric, kind: 'histogram', role, le, own, value, isDelta: delta }
  }
  const bounds = Array.isArray(point.explicitBounds) ? point.explicitBounds.map(Number) : []
  const counts = Array.isArray(point.bucketCounts) ? point.bucketCounts.map(Number) : []
  let total = 0
  const buckets = counts.map((count, at) => {
    total += count
    return part('bucket', bounds[at] ?? Number.POSITIVE_INFINITY, total)
  })
  const count = numberOf(point.count) ?? total
  return [...buckets, part('count', null, count), part('sum', null, numberOf(point.sum) ?? 0)]
}

function nameOf(metric: Record<string, unknown>, isTotal: boolean): string {
  const name = (textOf(metric.name) ?? 'unknown').replace(/[^a-zA-Z0-9_]/g, '_').slice(0, 200)
  const said = textOf(metric.unit) ?? ''
  // What is counted has no unit; a gauge of 1 is a part of something.
  const unit = isTotal && said === '1' ? undefined : units[said]
  const withUnit = unit === undefined || name.endsWith(unit) ? name : `${name}_${unit}`
  return isTotal && !withUnit.endsWith('_total') ? `${withUnit}_total` : withUnit
}

function labelsOf(point: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributesOf(point.attributes)).map(([key, value]) => [
      key.replace(/[^a-zA-Z0-9_]/g, '_'),
      (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 500),
    ]),
  )
}
