import { findMetric } from '@banyan/model'
import type { LogLine } from '../api/types.ts'
import { weightOf } from '../logs/line.ts'
import type { Registry } from '../metrics/registry.ts'
import { type Family, keyOf, type Labels, type Series, type Target } from '../metrics/series.ts'
import type { TraceSpan } from '../traces/trace-file.ts'
import { anyValue, keyValues, nanoOf, resourceOf } from './resource.ts'

/*
 * What we send to others, in the shape of OTLP's JSON: an object of each of these lists is one node's part of an
 * export request.
 */

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }

export function writeSpans(spans: readonly TraceSpan[]): unknown[] {
  return [...Map.groupBy(spans, ({ node }) => node)].map(([node, own]) => ({
    resource: resourceOf(node),
    scopeSpans: [{ scope: { name: 'banyan' }, spans: own.map(writeSpan) }],
  }))
}

function writeSpan({
  trace,
  span,
  parent,
  name,
  kind,
  at,
  durationMs,
  error,
  attributes,
}: TraceSpan) {
  return {
    traceId: trace,
    spanId: span,
    ...(parent !== null && { parentSpanId: parent }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoOf(at),
    endTimeUnixNano: nanoOf(at + durationMs),
    attributes: keyValues(attributes),
    status: error === null ? {} : { code: 2, message: error },
  }
}

export function writeLines(lines: readonly LogLine[]): unknown[] {
  return [...Map.groupBy(lines, ({ node }) => node)].map(([node, own]) => ({
    resource: resourceOf(node),
    scopeLogs: [{ scope: { name: 'banyan' }, logRecords: own.map(writeLine) }],
  }))
}

function writeLine({ at, level, message, trace, fields }: LogLine) {
  const span = typeof fields.span_id === 'string' ? fields.span_id : null
  return {
    timeUnixNano: nanoOf(at),
    severityNumber: ((weightOf(level) - 10) / 10) * 4 + 1,
    severityText: level,
    body: anyValue(message),
    attributes: keyValues(fields),
    ...(trace !== null && { traceId: trace }),
    ...(span !== null && { spanId: span }),
  }
}

/** The newest value of everything that was read after a time. What others pushed to us they may push there, too. */
export function writeMetrics(registry: Registry, after: number): unknown[] {
  return registry
    .targets()
    .filter(({ times, pushed }) => !pushed && (times.at(-1) ?? 0) > after)
    .map((target) => ({
      resource: resourceOf(target.labels.node ?? 'unknown'),
      scopeMetrics: [{ scope: { name: 'banyan' }, metrics: metricsOf(target) }],
    }))
}

function metricsOf(target: Target): unknown[] {
  const timeUnixNano = nanoOf(target.times.at(-1) as number)
  return [...target.families.values()].flatMap((family) => {
    const series = [...family.series.values()].filter(isThere)
    if (series.length === 0) return []
    return [
      {
        name: findMetric(family.metric)?.otel ?? family.metric,
        ...data(family, series, timeUnixNano),
      },
    ]
  })
}

const isThere = ({ values }: Series): boolean =>
  values.length > 0 && !Number.isNaN(values.at(-1) as number)

function data({ kind }: Family, series: readonly Series[], timeUnixNano: string) {
  if (kind === 'histogram') {
    const sets = Map.groupBy(series, ({ labels }) => keyOf(labels)).values()
    const dataPoints = [...sets].map((parts) => histogramPoint(parts, timeUnixNano))
    return { histogram: { aggregationTemporality: 2, dataPoints } }
  }
  const dataPoints = series.map(({ labels, values }) => ({
    attributes: attributesOf(labels),
    timeUnixNano,
    asDouble: values.at(-1),
  }))
  if (kind === 'gauge') return { gauge: { dataPoints } }
  return { sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } }
}

function histogramPoint(parts: readonly Series[], timeUnixNano: string) {
  const newest = (role: Series['role']) =>
    parts.find((part) => part.role === role)?.values.at(-1) ?? 0
  const buckets = parts
    .filter(({ role }) => role === 'bucket')
    .sort((a, b) => (a.le ?? 0) - (b.le ?? 0))
    .map(({ le, values }) => ({ le: le ?? 0, count: values.at(-1) as number }))
  const bucketCounts = buckets.map(({ count }, at) => String(count - (buckets[at - 1]?.count ?? 0)))
  return {
    attributes: attributesOf(parts[0]?.labels ?? {}),
    timeUnixNano,
    count: String(newest('count')),
    sum: newest('sum'),
    bucketCounts,
    explicitBounds: buckets.map(({ le }) => le).filter(Number.isFinite),
  }
}

const attributesOf = (labels: Labels) => keyValues(labels)
