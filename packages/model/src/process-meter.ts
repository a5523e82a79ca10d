import type { MetricsText } from './prometheus-text.ts'

/** As much of Node's `process` as is read. */
export type MeteredProcess = {
  /** In microseconds. */
  cpuUsage(): { readonly user: number; readonly system: number }
  memoryUsage(): { readonly rss: number; readonly heapUsed: number }
  /** In seconds. */
  uptime(): number
}

type Utilization = { readonly idle: number; readonly active: number; readonly utilization: number }

/** As much of Node's clock of the event loop as is read. */
export type MeteredLoop<U extends Utilization = Utilization> = {
  eventLoopUtilization(now?: U, before?: U): U
}

/** As `monitorEventLoopDelay` gives it, in nanoseconds; it has to be enabled, at {@link delayResolutionMs}. */
export type MeteredDelay = { percentile(percent: number): number; reset(): void }

/** How often the delay is looked at. What is measured is the time between two looks. */
export const delayResolutionMs = 20

/** What was given up, by signal. */
export type Dropped = Readonly<Record<string, number>>

/**
 * What every Node process of a system says of itself. Node's own objects come in as parameters, so that gateway,
 * web process, control and store share it.
 *
 * @example
 * const delay = monitorEventLoopDelay({ resolution: delayResolutionMs })
 * delay.enable()
 * const meter = new ProcessMeter(process, performance, delay)
 * meter.addTo(text, { spans: sender.dropped })
 */
export class ProcessMeter<U extends Utilization = Utilization> {
  readonly #own: MeteredProcess
  readonly #loop: MeteredLoop<U>
  readonly #delay: MeteredDelay
  #before: U

  constructor(own: MeteredProcess, loop: MeteredLoop<U>, delay: MeteredDelay) {
    this.#own = own
    this.#loop = loop
    this.#delay = delay
    this.#before = loop.eventLoopUtilization()
  }

  addTo(text: MetricsText, dropped: Dropped): void {
    const { user, system } = this.#own.cpuUsage()
    const { rss, heapUsed } = this.#own.memoryUsage()
    text.add('process_cpu_time_seconds_total', user / 1e6, { cpu_mode: 'user' })
    text.add('process_cpu_time_seconds_total', system / 1e6, { cpu_mode: 'system' })
    text.add('process_memory_usage_bytes', rss)
    text.add('process_uptime_seconds', this.#own.uptime())
    text.add('nodejs_eventloop_utilization_ratio', this.#utilization())
    text.add('nodejs_eventloop_delay_p99_seconds', this.#delayP99() / 1e9)
    text.add('v8js_memory_heap_used_bytes', heapUsed)
    for (const [signal, count] of Object.entries(dropped)) {
      text.add('banyan_telemetry_dropped_total', count, { signal })
    }
  }

  #utilization(): number {
    const now = this.#loop.eventLoopUtilization()
    const { utilization } = this.#loop.eventLoopUtilization(now, this.#before)
    this.#before = now
    return Number.isFinite(utilization) ? utilization : 0
  }

  #delayP99(): number {
    const p99 = this.#delay.percentile(99)
    this.#delay.reset()
    return Math.max(0, p99 - delayResolutionMs * 1e6)
  }
}
