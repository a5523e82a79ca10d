import { Histogram, type MetricsText, operationBuckets, requestBuckets } from '@banyan/model'
import { LabelSets } from './label-sets.ts'
import { addPools, addReads } from './pool-metrics.ts'
import type { SeenRequest, SeenStatement, SeenTransaction, SeenWait, Watcher } from './watch.ts'

/** The methods that are no labels of a stranger's making. */
const methods = new Set('GET HEAD POST PUT PATCH DELETE OPTIONS QUERY CONNECT TRACE'.split(' '))

/** What OpenTelemetry calls every other method. */
const otherMethod = '_OTHER'

const databaseSystem = 'postgresql'
const transactionName = 'TRANSACTION'

/**
 * What a `serve` process measures of its requests and its database: only sums and counts are made while
 * requests are under way, all else when somebody reads. Written here rather than taken from prom-client or
 * OpenTelemetry because of what those cost per request: bench/telemetry.ts measures all three side by side.
 */
export class ServeMetrics implements Watcher {
  readonly #requests = new LabelSets(() => new Histogram(requestBuckets))
  readonly #operations = new LabelSets(() => new Histogram(operationBuckets))
  readonly #waits = new LabelSets(() => new Histogram(operationBuckets))
  #active = 0

  /** What had no set of labels of its own any more. */
  get dropped(): number {
    return this.#requests.dropped + this.#operations.dropped + this.#waits.dropped
  }

  requestBegan(): void {
    this.#active += 1
  }

  requestEnded({ request, route, status, errorType, tookMs }: SeenRequest): void {
    this.#active -= 1
    const { method = '' } = request
    const name = methods.has(method) ? method : otherMethod
    this.#requests.get(name, route, status, errorType).observe(tookMs / 1_000)
  }

  statementEnded({ operation, address, errorType, tookMs }: SeenStatement): void {
    this.#operations.get(operation, address, errorType).observe(tookMs / 1_000)
  }

  /** It has no address: a repeated one may have been on two servers. */
  transactionEnded({ errorType, tookMs }: SeenTransaction): void {
    this.#operations.get(transactionName, '', errorType).observe(tookMs / 1_000)
  }

  waitEnded({ pool, tookMs }: SeenWait): void {
    this.#waits.get(pool).observe(tookMs / 1_000)
  }

  addTo(text: MetricsText): void {
    text.add('http_server_active_requests', this.#active)
    this.#addRequests(text)
    this.#addOperations(text)
    addPools(text, this.#waits)
    addReads(text)
  }

  #addRequests(text: MetricsText): void {
    for (const { labels, value } of this.#requests.all) {
      const [method, route, status, errorType] = labels
      text.addHistogram('http_server_request_duration_seconds', value, {
        http_request_method: String(method),
        http_route: String(route),
        http_response_status_code: status === 0 ? '' : String(status),
        error_type: String(errorType),
      })
    }
  }

  #addOperations(text: MetricsText): void {
    for (const { labels, value } of this.#operations.all) {
      const [operation, address, errorType] = labels
      text.addHistogram('db_client_operation_duration_seconds', value, {
        db_system_name: databaseSystem,
        db_operation_name: String(operation),
        server_address: String(address),
        error_type: String(errorType),
      })
    }
  }
}
