import protobuf from 'protobufjs/light.js'

/*
 * The messages of OTLP 1, as far as the store reads them, by the numbers of their fields
 * (opentelemetry-proto, stable since 1.0). What is not named here is skipped, as the format has it.
 */

type Fields = Record<string, { type: string; id: number; rule?: 'repeated' }>

const one = (type: string, id: number) => ({ type, id })
const many = (type: string, id: number) => ({ type, id, rule: 'repeated' as const })

const messages: Record<string, Fields> = {
  AnyValue: {
    stringValue: one('string', 1),
    boolValue: one('bool', 2),
    intValue: one('int64', 3),
    doubleValue: one('double', 4),
    arrayValue: one('ArrayValue', 5),
    kvlistValue: one('KeyValueList', 6),
    bytesValue: one('bytes', 7),
  },
  ArrayValue: { values: many('AnyValue', 1) },
  KeyValueList: { values: many('KeyValue', 1) },
  KeyValue: { key: one('string', 1), value: one('AnyValue', 2) },
  Resource: { attributes: many('KeyValue', 1) },
  Scope: { name: one('string', 1), version: one('string', 2) },

  TracesData: { resourceSpans: many('ResourceSpans', 1) },
  ResourceSpans: { resource: one('Resource', 1), scopeSpans: many('ScopeSpans', 2) },
  ScopeSpans: { scope: one('Scope', 1), spans: many('Span', 2) },
  Span: {
    traceId: one('bytes', 1),
    spanId: one('bytes', 2),
    traceState: one('string', 3),
    parentSpanId: one('bytes', 4),
    name: one('string', 5),
    kind: one('int32', 6),
    startTimeUnixNano: one('fixed64', 7),
    endTimeUnixNano: one('fixed64', 8),
    attributes: many('KeyValue', 9),
    events: many('SpanEvent', 11),
    status: one('Status', 15),
  },
  SpanEvent: {
    timeUnixNano: one('fixed64', 1),
    name: one('string', 2),
    attributes: many('KeyValue', 3),
  },
  Status: { message: one('string', 2), code: one('int32', 3) },

  LogsData: { resourceLogs: many('ResourceLogs', 1) },
  ResourceLogs: { resource: one('Resource', 1), scopeLogs: many('ScopeLogs', 2) },
  ScopeLogs: { scope: one('Scope', 1), logRecords: many('LogRecord', 2) },
  LogRecord: {
    timeUnixNano: one('fixed64', 1),
    severityNumber: one('int32', 2),
    severityText: one('string', 3),
    body: one('AnyValue', 5),
    attributes: many('KeyValue', 6),
    traceId: one('bytes', 9),
    spanId: one('bytes', 10),
    observedTimeUnixNano: one('fixed64', 11),
  },

  MetricsData: { resourceMetrics: many('ResourceMetrics', 1) },
  ResourceMetrics: { resource: one('Resource', 1), scopeMetrics: many('ScopeMetrics', 2) },
  ScopeMetrics: { scope: one('Scope', 1), metrics: many('Metric', 2) },
  Metric: {
    name: one('string', 1),
    unit: one('string', 3),
    gauge: one('Gauge', 5),
    sum: one('Sum', 7),
    histogram: one('Histogram', 9),
  },
  Gauge: { dataPoints: many('NumberDataPoint', 1) },
  Sum: {
    dataPoints: many('NumberDataPoint', 1),
    aggregationTemporality: one('int32', 2),
    isMonotonic: one('bool', 3),
  },
  Histogram: {
    dataPoints: many('HistogramDataPoint', 1),
    aggregationTemporality: one('int32', 2),
  },
  NumberDataPoint: {
    asDouble: one('double', 4),
    asInt: one('sfixed64', 6),
    attributes: many('KeyValue', 7),
  },
  HistogramDataPoint: {
    count: one('fixed64', 4),
    sum: one('double', 5),
    bucketCounts: many('fixed64', 6),
    explicitBounds: many('double', 7),
    attributes: many('KeyValue', 9),
  },
}

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(Object.entries(messages).map(([name, fields]) => [name, { fields }])),
})

export type Signal = 'traces' | 'logs' | 'metrics'

const names: Readonly<Record<Signal, string>> = {
  traces: 'TracesData',
  logs: 'LogsData',
  metrics: 'MetricsData',
}

export const otlpType = (signal: Signal): protobuf.Type => root.lookupType(names[signal])

/**
 * An export request from its protobuf, in the shape that OTLP's JSON has: 64-bit numbers as texts, ids in hex.
 * Throws where the bytes are no such message.
 */
export function decodeProtobuf(signal: Signal, body: Uint8Array): unknown {
  const type = otlpType(signal)
  const plain = type.toObject(type.decode(body), { longs: String, bytes: Buffer })
  return withHex(plain)
}

function withHex(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(withHex)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withHex(one)]))
}
