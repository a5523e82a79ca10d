import { operationBuckets, requestBuckets } from '@banyan/model'
import { Gauge, Histogram, Registry } from 'prom-client'
import type { Watcher } from '../../packages/banyan/src/telemetry/watch.ts'
import type { Measured } from '../telemetry-server.ts'

/** What `serve` measures, by prom-client. */
export function promClient(): Measured {
  const registers = [new Registry()]
  const requests = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Requests.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
    buckets: [...requestBuckets],
    registers,
  })
  const operations = new Histogram({
    name: 'db_client_operation_duration_seconds',
    help: 'Statements.',
    labelNames: ['db_system_name', 'db_operation_name', 'server_address', 'error_type'],
    buckets: [...operationBuckets],
    registers,
  })
  const waits = new Histogram({
    name: 'db_client_connection_wait_time_seconds',
    help: 'Waits.',
    labelNames: ['db_client_connection_pool_name'],
    buckets: [...operationBuckets],
    registers,
  })
  const active = new Gauge({ name: 'http_server_active_requests', help: 'Active.', registers })
  const operated = (name: string, address: string, errorType: string, ms: number): void =>
    operations.observe(
      {
        db_system_name: 'postgresql',
        db_operation_name: name,
        server_address: address,
        error_type: errorType,
      },
      ms / 1_000,
    )
  const watcher: Watcher = {
    requestBegan: () => active.inc(),
    requestEnded({ request, route, status, errorType, tookMs }) {
      active.dec()
      const labels = {
        http_request_method: request.method ?? '',
        http_route: route,
        http_response_status_code: String(status),
        error_type: errorType,
      }
      requests.observe(labels, tookMs / 1_000)
    },
    statementEnded: ({ operation, address, errorType, tookMs }) =>
      operated(operation, address, errorType, tookMs),
    transactionEnded: ({ errorType, tookMs }) => operated('TRANSACTION', '', errorType, tookMs),
    waitEnded: ({ pool, tookMs }) =>
      waits.observe({ db_client_connection_pool_name: pool }, tookMs / 1_000),
  }
  return {
    watchers: [watcher],
    text: async () => await (registers[0] as Registry).metrics(),
  }
}
