import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redactor } from '../logs/redact.ts'
import { Registry } from '../metrics/registry.ts'
import { defaultLimits } from '../store-file.ts'
import { encodeOtlp } from '../testing/encode-otlp.ts'
import { decodeProtobuf } from './messages.ts'
import { linesOf } from './take-logs.ts'
import { takeMetrics } from './take-metrics.ts'
import { spansOf } from './take-spans.ts'
import { writeSpans } from './write.ts'

const begin = 1_795_300_000_000
const redact = redactor([])
const resource = { attributes: [{ key: 'service.instance.id', value: { stringValue: 'web-1' } }] }
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

const said = {
  traceId,
  spanId,
  name: 'GET',
  kind: 2,
  startTimeUnixNano: `${begin}123000`,
  endTimeUnixNano: `${begin + 5}623000`,
  attributes: [
    { key: 'http.response.status_code', value: { intValue: '500' } },
    { key: 'db.password', value: { stringValue: 'hunter2' } },
  ],
  status: { code: 2, message: 'boom' },
}

const request = (spans: unknown[]) => ({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })

test('a span in JSON is read with its times to the microsecond, and its secrets masked', () => {
  const { spans, refused } = spansOf(request([said, { ...said, traceId: '0' }]), redact)
  assert.equal(refused, 1)
  assert.deepEqual(spans, [
    {
      trace: traceId,
      span: spanId,
      parent: null,
      node: 'web-1',
      name: 'GET',
      kind: 'server',
      at: begin + 0.123,
      durationMs: 5.5,
      error: 'boom',
      attributes: { 'http.response.status_code': 500, 'db.password': '•••' },
    },
  ])
})

test('the same span in protobuf is the same', () => {
  // Field by field, by the numbers of opentelemetry-proto: written out, since a table that wrote and read would agree with itself.
  const field = (number: number, wire: number) => Buffer.from([(number << 3) | wire])
  const bytes = (number: number, value: Uint8Array | string) => {
    const body = Buffer.from(value as string)
    return Buffer.concat([field(number, 2), Buffer.from([body.length]), body])
  }
  const fixed = (number: number, value: bigint) => {
    const body = Buffer.alloc(8)
    body.writeBigUInt64LE(value)
    return Buffer.concat([field(number, 1), body])
  }
  const attribute = (key: string, value: Buffer) => Buffer.concat([bytes(1, key), bytes(2, value)])
  const span = Buffer.concat([
    bytes(1, Buffer.from(traceId, 'hex')),
    bytes(2, Buffer.from(spanId, 'hex')),
    bytes(5, 'GET'),
    Buffer.from([(6 << 3) | 0, 2]),
    fixed(7, BigInt(said.startTimeUnixNano)),
    fixed(8, BigInt(said.endTimeUnixNano)),
    bytes(9, attribute('http.response.status_code', Buffer.from([(3 << 3) | 0, 0xf4, 0x03]))),
    bytes(9, attribute('db.password', bytes(1, 'hunter2'))),
    bytes(15, Buffer.concat([bytes(2, 'boom'), Buffer.from([(3 << 3) | 0, 2])])),
  ])
  const long = (number: number, body: Buffer) =>
    Buffer.concat([
      field(number, 2),
      Buffer.from([(body.length & 127) | 128, body.length >> 7]),
      body,
    ])
  const scope = long(2, span)
  const node = bytes(1, bytes(1, attribute('service.instance.id', bytes(1, 'web-1'))))
  const body = long(1, Buffer.concat([node, long(2, scope)]))
  assert.deepEqual(
    spansOf(decodeProtobuf('traces', body), redact),
    spansOf(request([said]), redact),
  )
  assert.throws(() => decodeProtobuf('traces', Buffer.from('no protobuf at all')))
})

test('what we send is what we would take', () => {
  const { spans } = spansOf(request([said]), redact)
  const sent = JSON.parse(JSON.stringify({ resourceSpans: writeSpans(spans) }))
  assert.deepEqual(spansOf(sent, redact).spans, spans)
})

test('log records become lines', () => {
  const record = {
    timeUnixNano: `${begin}000000`,
    severityNumber: 17,
    body: { stringValue: 'it broke' },
    traceId,
    attributes: [{ key: 'n', value: { arrayValue: { values: [{ intValue: '1' }] } } }],
  }
  const logs = { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record, {}] }] }] }
  const [line, empty] = linesOf(
    decodeProtobuf(
      'logs',
      encodeOtlp('logs', {
        resourceLogs: [
          {
            resource,
            scopeLogs: [{ logRecords: [{ ...record, traceId: Buffer.from(traceId, 'hex') }] }],
          },
        ],
      }),
    ),
    { redact, lengthMax: 100, now: 5 },
  )
  assert.deepEqual(line, linesOf(logs, { redact, lengthMax: 100, now: 5 })[0])
  assert.deepEqual(
    [line?.at, line?.node, line?.level, line?.message, line?.trace, line?.fields],
    [begin, 'web-1', 'error', 'it broke', traceId, { n: [1] }],
  )
  assert.equal(empty, undefined)
})

test('gauges, sums and histograms are taken under the names that Prometheus would give them', () => {
  const registry = new Registry(defaultLimits)
  const point = (value: object) => ({ dataPoints: [{ attributes: [], ...value }] })
  const metrics = [
    { name: 'queue.length', gauge: point({ asDouble: 3 }) },
    {
      name: 'jobs',
      unit: '1',
      sum: { ...point({ asInt: '5' }), aggregationTemporality: 1, isMonotonic: true },
    },
    {
      name: 'job.duration',
      unit: 's',
      histogram: {
        ...point({ count: '3', sum: 4, bucketCounts: ['1', '1', '1'], explicitBounds: [1, 2] }),
        aggregationTemporality: 2,
      },
    },
  ]
  const body = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }
  assert.deepEqual(takeMetrics(registry, body, begin), { taken: 7, dropped: 0 })
  takeMetrics(registry, body, begin + 10_000)
  const target = registry.targets()[0]
  const values = [...(target?.families.values() ?? [])].map(({ metric, kind, series }) => [
    metric,
    kind,
    [...series.values()].map(({ role, le, values: all }) => [role, le, all.at(-1)]),
  ])
  assert.deepEqual(values, [
    ['queue_length', 'gauge', [['value', null, 3]]],
    ['jobs_total', 'counter', [['value', null, 10]]],
    [
      'job_duration_seconds',
      'histogram',
      [
        ['bucket', 1, 1],
        ['bucket', 2, 2],
        ['bucket', Number.POSITIVE_INFINITY, 3],
        ['count', null, 3],
        ['sum', null, 4],
      ],
    ],
  ])
})

test('nonsense is left out, and breaks nothing', () => {
  for (const body of [null, [], {}, { resourceSpans: 3 }, request([null, 3, { attributes: {} }])]) {
    assert.deepEqual(spansOf(body, redact).spans, [])
    assert.deepEqual(linesOf(body, { redact, lengthMax: 10, now: 1 }), [])
    assert.deepEqual(takeMetrics(new Registry(defaultLimits), body, begin), {
      taken: 0,
      dropped: 0,
    })
  }
})
