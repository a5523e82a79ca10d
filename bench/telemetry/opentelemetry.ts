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
  const spans = traces ? spansWatcher(tracer) : {}
  return {
    watcher: both(metrics, spans),
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

function spansWatcher(tracer: Tracer): Watcher {
  const under = (parent: unknown): Context =>
    parent === null || parent === undefined
      ? ROOT_CONTEXT
      : trace.setSpan(ROOT_CONTEXT, parent as Span)
  const end = ({ span }: { span: unknown }): void => (span as Span | null)?.end()
  return {
    requestBegan(seen) {
      seen.span = tracer.startSpan('request', {}, ROOT_CONTEXT)
    },
    requestEnded(seen) {
      const span = seen.span as Span
      span.setAttribute('http.route', seen.route)
      span.setAttribute('http.response.status_code', seen.status)
      span.end()
    },
    transactionBegan(seen) {
      seen.span = tracer.startSpan('transaction', {}, under(seen.context?.seen?.span))
    },
    transactionEnded: end,
    statementBegan(seen) {
      const parent = seen.transaction?.span ?? seen.context?.seen?.span
      seen.span = tracer.startSpan('statement', {}, under(parent))
    },
    statementEnded(seen) {
      ;(seen.span as Span).setAttribute('db.operation.name', seen.operation)
      end(seen)
    },
  }
}

function both(first: Watcher, second: Watcher): Watcher {
  const names = [
    'requestBegan',
    'requestEnded',
    'transactionBegan',
    'transactionEnded',
    'statementBegan',
    'statementEnded',
    'waitBegan',
    'waitEnded',
  ] as const
  const watcher: Record<string, (seen: never) => void> = {}
  for (const name of names) {
    const [one, other] = [first[name], second[name]] as ((seen: never) => void)[]
    if (one === undefined || other === undefined) {
      const only = one ?? other
      if (only !== undefined) watcher[name] = only
      continue
    }
    watcher[name] = (seen) => {
      one(seen)
      other(seen)
    }
  }
  return watcher
}
