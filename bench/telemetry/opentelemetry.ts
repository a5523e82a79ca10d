import { operationBuckets, requestBuckets } from '@banyan/model'
import { type Context, ROOT_CONTEXT, type Span, type Tracer, trace } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { type ReadableSpan, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Watcher } from '../../packages/banyan/src/telemetry/watch.ts'
import type { Measured } from '../telemetry-server.ts'

/** Collects when it is asked. The text format would come on top of what is measured here. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Keeps the spans of a trace until its root has ended, which decides; here none is worth keeping. */
class Tail implements SpanProcessor {
  readonly #traces = new Map<string, ReadableSpan[]>()

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { traceId } = span.spanContext()
    if (span.parentSpanContext === undefined) {
      this.#traces.delete(traceId)
      return
    }
    const spans = this.#traces.get(traceId)
    if (spans === undefined) this.#traces.set(traceId, [span])
    else spans.push(span)
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

/** What `serve` measures, by OpenTelemetry's SDKs. */
export function opentelemetry({ traces }: { readonly traces: boolean }): Measured {
  const reader = new Reader()
  const metrics = metricsWatcher(new MeterProvider({ readers: [reader] }))
  const tracer = new TracerProvider({ spanProcessors: [new Tail()] }).getTracer('bench')
  return {
    watchers: traces ? [metrics, spansWatcher(tracer)] : [metrics],
    text: async () => JSON.stringify((await reader.collect()).resourceMetrics.scopeMetrics.length),
  }
}

function metricsWatcher(provider: MeterProvider): Watcher {
  const meter = provider.getMeter('bench')
  const histogram = (name: string, bounds: readonly number[]) =>
    meter.createHistogram(name, {
      unit: 's',
      advice: { explicitBucketBoundaries: [...bounds] },
    })
  const requests = histogram('http.server.request.duration', requestBuckets)
  const operations = histogram('db.client.operation.duration', operationBuckets)
  const waits = histogram('db.client.connection.wait_time', operationBuckets)
  const active = meter.createUpDownCounter('http.server.active_requests')
  const operated = (name: string, address: string, errorType: string, ms: number): void =>
    operations.record(ms / 1_000, {
      'db.system.name': 'postgresql',
      'db.operation.name': name,
      'server.address': address,
      'error.type': errorType,
    })
  return {
    requestBegan: () => active.add(1),
    requestEnded({ request, route, status, errorType, tookMs }) {
      active.add(-1)
      requests.record(tookMs / 1_000, {
        'http.request.method': request.method ?? '',
        'http.route': route,
        'http.response.status_code': status,
        'error.type': errorType,
      })
    },
    statementEnded: ({ operation, address, errorType, tookMs }) =>
      operated(operation, address, errorType, tookMs),
    transactionEnded: ({ errorType, tookMs }) => operated('TRANSACTION', '', errorType, tookMs),
    waitEnded: ({ pool, tookMs }) =>
      waits.record(tookMs / 1_000, { 'db.client.connection.pool.name': pool }),
  }
}

/** Where it keeps the span of what was seen. */
type Spanned = { span?: Span }
const spanOf = (seen: unknown): Span | undefined => (seen as Spanned | undefined)?.span

function spansWatcher(tracer: Tracer): Watcher {
  const under = (parent: Span | undefined): Context =>
    parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent)
  const begin = (seen: Spanned, name: string, context: Context): void => {
    seen.span = tracer.startSpan(name, {}, context)
  }
  const end = (seen: unknown): void => spanOf(seen)?.end()
  return {
    requestBegan: (seen) => begin(seen as Spanned, 'request', ROOT_CONTEXT),
    requestEnded(seen) {
      const span = spanOf(seen)
      span?.setAttribute('http.route', seen.route)
      span?.setAttribute('http.response.status_code', seen.status)
      span?.end()
    },
    transactionBegan: (seen) =>
      begin(seen as Spanned, 'transaction', under(spanOf(seen.context?.seen))),
    transactionEnded: end,
    statementBegan(seen) {
      const parent = spanOf(seen.transaction) ?? spanOf(seen.context?.seen)
      begin(seen as Spanned, 'statement', under(parent))
    },
    statementEnded(seen) {
      spanOf(seen)?.setAttribute('db.operation.name', seen.operation)
      end(seen)
    },
  }
}
