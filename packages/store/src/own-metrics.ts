import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { MetricsText } from '@banyan/model'
import type { BusinessAnswer } from './api/types.ts'
import type { Counts } from './counts.ts'

/** The store's own `/-/metrics`: what it keeps, the app's business metrics, and its process. */
export class OwnMetrics {
  readonly #delay = monitorEventLoopDelay({ resolution: 20 })
  #utilization = performance.eventLoopUtilization()
  business: BusinessAnswer | null = null

  constructor() {
    this.#delay.enable()
  }

  text(counts: Counts, bytes: number): string {
    const text = new MetricsText()
    text.add('banyan_store_bytes', bytes)
    for (const [signal, rows] of counts.rows) text.add('banyan_store_rows_total', rows, { signal })
    for (const [signal, dropped] of counts.dropped)
      text.add('banyan_store_dropped_total', dropped, { signal })
    for (const { name, value } of this.business?.metrics ?? []) {
      if (value !== null) text.add('banyan_business_value', value, { metric: name })
    }
    this.#addProcess(text)
    return text.toString()
  }

  stop(): void {
    this.#delay.disable()
  }

  #addProcess(text: MetricsText): void {
    const { user, system } = process.cpuUsage()
    text.add('process_cpu_time_seconds_total', user / 1e6, { cpu_mode: 'user' })
    text.add('process_cpu_time_seconds_total', system / 1e6, { cpu_mode: 'system' })
    const { rss, heapUsed } = process.memoryUsage()
    text.add('process_memory_usage_bytes', rss)
    text.add('v8js_memory_heap_used_bytes', heapUsed)
    text.add('process_uptime_seconds', process.uptime())
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization)
    this.#utilization = now
    text.add('nodejs_eventloop_utilization_ratio', utilization)
    text.add('nodejs_eventloop_delay_p99_seconds', this.#delay.percentile(99) / 1e9)
    this.#delay.reset()
  }
}
